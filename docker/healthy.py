"""Health check of an HTTP service, for an image without curl: code 0 where the address answers 200."""

import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=8) as answer:  # noqa: S310 - the address is ours
        sys.exit(0 if answer.status == 200 else 1)
except (urllib.error.URLError, TimeoutError, ConnectionError) as fault:
    print(f"{sys.argv[1]}: {fault}")
    sys.exit(1)
