"""Write .env for docker-compose.yml: every empty key of .env.example gets a random value. An existing .env is left alone.

Example: python docker/make_env.py
"""

import argparse
import base64
import secrets
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def filled(template: str) -> str:
    """The template with a value for every empty key.

    Args:
        template: lines ``KEY=value``, comments and blanks.

    Returns:
        The same lines; Fernet wants 32 bytes in URL-safe base64, everything else gets 48 hexadecimal digits.
    """
    return "".join(f"{line}{_value(line)}\n" for line in template.splitlines())


def _value(line: str) -> str:
    if line.startswith("#") or not line.endswith("="):
        return ""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() if "FERNET" in line else secrets.token_hex(24)


def main() -> int:
    """Write the file with mode 0600."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    target = HERE / ".env"
    if target.exists():
        print(
            f"{target} exists and was left alone; delete it to start with new secrets and empty volumes",
            file=sys.stderr,
        )
        return 1
    target.touch(mode=0o600)
    target.write_text(filled((HERE / ".env.example").read_text()))
    print(f"wrote {target}; Airflow's user is admin, its password AIRFLOW_ADMIN_PASSWORD")
    return 0


if __name__ == "__main__":
    sys.exit(main())
