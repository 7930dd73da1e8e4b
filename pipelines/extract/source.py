"""Which ERP the warehouse belongs to. Rows of two ERPs in one warehouse would be planned as one company."""

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.contract import BY_NAME
from pipelines.core.errors import StockproofError
from pipelines.extract import raw
from pipelines.io import erp, warehouse


def claim() -> str:
    """Take the warehouse for the configured ERP, or find that it is ours already.

    A warehouse filled from the embedded sample is given up without asking: the sample can be made again.

    Returns:
        The ERP's address, without user and password.

    Raises:
        StockproofError: the warehouse holds rows of another ERP.
    """
    address = f"{erp.address()} ({settings.load().erp.profile})"
    with warehouse.transaction() as connection:
        holder = connection.execute(sa.text("select address from ops.erp")).scalar()
    if holder is not None and holder != address:
        if not holder.startswith(erp.EMBEDDED):
            raise StockproofError(
                f"the warehouse holds rows of {holder}, and this is {address}",
                "name another warehouse (STOCKPROOF_STACK__WAREHOUSE_URL), or discard what was extracted: `stockproof erp adopt`",
            )
        give_up()
    with warehouse.transaction() as connection:
        connection.execute(
            sa.text("insert into ops.erp (address) values (:address) on conflict do nothing"), {"address": address}
        )
    return address


def give_up() -> None:
    """Forget what was extracted, and with it the models trained on it; plans and reports of past runs stay."""
    raw.reset()
    warehouse.execute("delete from ops.erp")


def refilled() -> None:
    """The ERP has been refilled: what was extracted from it goes. Its models are kept if most items are those known before."""
    raw.ensure([BY_NAME["items"]])
    known = set(warehouse.read("select distinct item_id from raw.items")["item_id"])
    with erp.transaction() as connection:
        items: set[str] = set(connection.execute(sa.text("select item_id from items")).scalars())
    if len(known & items) >= len(known) / 2 and known:
        raw.reset()
    else:
        give_up()
