"""Tables of a Dolibarr 20 site, after its published definitions: the columns the profile reads, with their types; and a company in them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.extract import profiles, reader
from pipelines.io import erp

Row = dict[str, Any]

AS_OF = date(2026, 6, 28)
TMS: Final = "tms timestamp NULL DEFAULT NULL"
"""As on a server with explicit_defaults_for_timestamp: nobody moves it on an update."""

ENGINE: Final = "ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"

TABLES: Final = {
    "llx_product": (
        "ref varchar(128) NOT NULL, entity int DEFAULT 1 NOT NULL, label varchar(255) NOT NULL, datec datetime, "
        "price double(24,8) DEFAULT 0, cost_price double(24,8) DEFAULT NULL, pmp double(24,8) DEFAULT 0 NOT NULL, "
        "tosell tinyint DEFAULT 1, tobuy tinyint DEFAULT 1, "
        "fk_product_type int DEFAULT 0, seuil_stock_alerte float DEFAULT NULL, desiredstock float DEFAULT 0, volume float DEFAULT NULL, "
        "volume_units tinyint DEFAULT NULL, fk_default_warehouse int DEFAULT NULL, stock double"
    ),
    "llx_product_fournisseur_price": (
        "entity int DEFAULT 1 NOT NULL, datec datetime, fk_product int, fk_soc int, price double(24,8) DEFAULT 0, quantity double, "
        "remise_percent double NOT NULL DEFAULT 0, unitprice double(24,8) DEFAULT 0, delivery_time_days int, "
        "supplier_reputation varchar(10), packaging double(24,8) DEFAULT NULL"
    ),
    "llx_societe": (
        "nom varchar(128), entity int DEFAULT 1 NOT NULL, status tinyint DEFAULT 1, code_client varchar(24), code_fournisseur varchar(24), "
        "fk_pays int DEFAULT 0, client tinyint DEFAULT 0, fournisseur tinyint DEFAULT 0, datec datetime"
    ),
    "llx_c_country": "code varchar(2) NOT NULL, label varchar(128)",
    "llx_categorie": "label varchar(180) NOT NULL, type int DEFAULT 1 NOT NULL",
    "llx_entrepot": "ref varchar(255) NOT NULL, datec datetime, entity int DEFAULT 1 NOT NULL, lieu varchar(64), statut tinyint DEFAULT 1",
    "llx_product_stock": "fk_product int NOT NULL, fk_entrepot int NOT NULL, reel double",
    "llx_product_warehouse_properties": "fk_product int NOT NULL, fk_entrepot int NOT NULL, seuil_stock_alerte float DEFAULT 0, "
    "desiredstock float DEFAULT 0",
    "llx_stock_mouvement": (
        "datem datetime, fk_product int NOT NULL, batch varchar(128), fk_entrepot int NOT NULL, value double, "
        "price double(24,8) DEFAULT 0, type_mouvement smallint, "
        "label varchar(255), inventorycode varchar(128), fk_origin int, origintype varchar(64)"
    ),
    "llx_commande_fournisseur": (
        "ref varchar(180) NOT NULL, entity int DEFAULT 1 NOT NULL, ref_ext varchar(255), ref_supplier varchar(255), fk_soc int NOT NULL, "
        "date_creation datetime, date_valid datetime, date_approve datetime, date_commande date, source smallint NOT NULL DEFAULT 0, "
        "fk_statut smallint DEFAULT 0, date_livraison datetime DEFAULT NULL"
    ),
    "llx_commande_fournisseurdet": (
        "fk_commande int NOT NULL, fk_product int, qty double, remise_percent double DEFAULT 0, subprice double(24,8) DEFAULT 0, "
        "product_type int DEFAULT 0"
    ),
    "llx_reception": (
        "ref varchar(30) NOT NULL, entity int DEFAULT 1 NOT NULL, fk_soc int NOT NULL, date_creation datetime, date_valid datetime, "
        "date_delivery datetime, date_reception datetime, fk_statut smallint DEFAULT 0"
    ),
    "llx_receptiondet_batch": (
        "fk_reception int, fk_element int, fk_elementdet int, element_type varchar(50) DEFAULT 'supplier_order' NOT NULL, fk_product int, "
        "qty float, fk_entrepot int, batch varchar(128), status int, datec datetime, cost_price double(24,8) DEFAULT 0"
    ),
}
WITHOUT_TMS: Final = ("llx_c_country", "llx_commande_fournisseurdet")


def moment(text: str) -> datetime:
    """An instant, e.g. ``2026-06-01 10:00``."""
    return datetime.fromisoformat(text)


def rows(table: str, *columns: str, as_of: date = AS_OF) -> list[tuple[Any, ...]]:
    """What the profile yields for a table, sorted; only the named columns where any are named."""
    source = profiles.load(as_of).sources[table]
    assert source is not None
    found = [row for batch in reader.read(source) for row in batch.to_pylist()]
    names = columns or source.columns
    return sorted((tuple(row[name] for name in names) for row in found), key=str)


def fresh(configured: pytest.MonkeyPatch) -> Iterator["Site"]:
    """A site with one warehouse and no document; settings name the profile."""
    configured.setenv("STOCKPROOF_ERP__PROFILE", "dolibarr")
    settings.load.cache_clear()
    site = Site()
    site.clear()
    site.warehouse("Main")
    yield site


class Site:
    """Writes what Dolibarr leaves in its database; rows are known by their number."""

    def __init__(self) -> None:
        with erp.transaction() as connection:
            if not sa.inspect(connection).has_table("llx_product"):
                for name, columns in TABLES.items():
                    own = columns if name in WITHOUT_TMS else f"{columns}, {TMS}"
                    number = "rowid int AUTO_INCREMENT PRIMARY KEY, "
                    connection.exec_driver_sql(f"CREATE TABLE {name} ({number}{own}) {ENGINE}")
                own = "fk_categorie int NOT NULL, fk_product int NOT NULL, PRIMARY KEY (fk_categorie, fk_product)"
                connection.exec_driver_sql(f"CREATE TABLE llx_categorie_product ({own}) {ENGINE}")
        self.ids: dict[tuple[str, str], int] = {}

    def clear(self) -> None:
        """Leave nothing."""
        self.ids.clear()
        with erp.transaction() as connection:
            for name in (*TABLES, "llx_categorie_product"):
                connection.exec_driver_sql(f"DELETE FROM {name}")

    def add(self, table: str, **fields: Any) -> int:
        """Insert a row. Returns its number."""
        names, marks = ", ".join(fields), ", ".join(f":{name}" for name in fields)
        with erp.transaction() as connection:
            done = connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), fields)
            return int(done.lastrowid or 0)

    def change(self, table: str, rowid: int, **fields: Any) -> None:
        """Change a row; ``tms`` stays where it is not named."""
        pairs = ", ".join(f"{name} = :{name}" for name in fields)
        with erp.transaction() as connection:
            connection.execute(sa.text(f"UPDATE {table} SET {pairs} WHERE rowid = :rowid"), fields | {"rowid": rowid})

    def warehouse(self, ref: str, **fields: Any) -> int:
        """A warehouse."""
        return self._known("llx_entrepot", ref, {"ref": ref} | fields)

    def product(self, ref: str, **fields: Any) -> int:
        """A product of 2026-01-01."""
        return self._known(
            "llx_product",
            ref,
            {"ref": ref, "label": f"Item {ref}", "datec": "2026-01-01 09:00:00", "cost_price": 5.0} | fields,
        )

    def supplier(self, code: str, **fields: Any) -> int:
        """A third party that supplies."""
        given = {"nom": code, "code_fournisseur": code, "fournisseur": 1, "datec": "2026-01-01 09:00:00"}
        return self._known("llx_societe", code, given | fields)

    def price(self, product: str, supplier: str, unitprice: float, quantity: float = 1.0, **fields: Any) -> int:
        """A purchase price from a quantity on."""
        given = {"datec": "2026-01-01 09:00:00", "delivery_time_days": 10, "price": unitprice * quantity}
        keys = {"fk_product": self.product(product), "fk_soc": self.supplier(supplier)}
        return self.add(
            "llx_product_fournisseur_price", **(keys | {"unitprice": unitprice, "quantity": quantity} | given | fields)
        )

    def move(
        self, product: str, at: str, value: float, origin: str = "", warehouse: str = "Main", **fields: Any
    ) -> int:
        """A movement, and the stock that it leaves."""
        place = {"fk_product": self.product(product), "fk_entrepot": self.warehouse(warehouse)}
        key = ("llx_product_stock", f"{product}|{warehouse}")
        if key not in self.ids:
            self.ids[key] = self.add("llx_product_stock", reel=0.0, **place)
        with erp.transaction() as connection:
            connection.execute(
                sa.text("UPDATE llx_product_stock SET reel = reel + :v WHERE rowid = :id"),
                {"v": value, "id": self.ids[key]},
            )
        return self.add(
            "llx_stock_mouvement", datem=at, value=value, origintype=origin, **(place | {"tms": at} | fields)
        )

    def order(self, ref: str, supplier: str, day: str, lines: dict[str, float], **fields: Any) -> dict[str, int]:
        """A supplier order that was sent, with its lines by product. Returns the numbers of the lines, and of the order under ''."""
        head = {
            "date_creation": f"{day} 08:00:00",
            "date_valid": f"{day} 09:00:00",
            "date_commande": day,
            "fk_statut": 3,
        }
        number = self.add(
            "llx_commande_fournisseur",
            ref=ref,
            fk_soc=self.supplier(supplier),
            **(head | {"tms": f"{day} 09:00:00"} | fields),
        )
        found = {"": number}
        for product, units in lines.items():
            found[product] = self.add(
                "llx_commande_fournisseurdet",
                fk_commande=number,
                fk_product=self.product(product),
                qty=units,
                subprice=5.0,
            )
        return found

    def receive(
        self, order: dict[str, int], product: str, at: str, qty: float, warehouse: str = "Main", **fields: Any
    ) -> int:
        """Goods dispatched to a warehouse from an order; the order's own row does not change."""
        given = {"status": 1, "datec": at, "fk_reception": None}
        return self.add(
            "llx_receptiondet_batch",
            fk_element=order[""],
            fk_elementdet=order[product],
            fk_product=self.product(product),
            qty=qty,
            fk_entrepot=self.warehouse(warehouse),
            **(given | fields),
        )

    def _known(self, table: str, name: str, fields: Row) -> int:
        if (table, name) not in self.ids:
            self.ids[table, name] = self.add(table, **fields)
        return self.ids[table, name]
