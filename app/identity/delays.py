"""How long signing in must wait after failures (reliability-security.md 9): longer with each, but never for good."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True)
class Patience:
    """From the failure number `from_failure` on there is a delay, doubled with each further one up to `longest`.

    A day or an hour (`forgotten_after`) without a failure, and it begins anew.
    """

    from_failure: int
    first: timedelta
    longest: timedelta
    forgotten_after: timedelta

    def delay_after(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures; nothing before `from_failure`."""
        beyond = failures - self.from_failure
        if beyond < 0:
            return timedelta(0)
        return min(self.first * (1 << min(beyond, 30)), self.longest)

    def count(self, failures: int, *, last_failed_at: datetime, now: datetime) -> int:
        """Return the failures with one more; those long past are forgotten."""
        return 1 if now - last_failed_at >= self.forgotten_after else failures + 1


WITH_SOMEBODY = Patience(
    from_failure=5, first=timedelta(seconds=30), longest=timedelta(minutes=15), forgotten_after=timedelta(hours=24)
)
# A whole district may share one address of its mobile network: many failures are then nobody's attack, and the delay
# stays short enough for others to get in between.
FROM_SOMEWHERE = Patience(
    from_failure=50, first=timedelta(seconds=1), longest=timedelta(seconds=10), forgotten_after=timedelta(hours=1)
)


def place_of(address: str | None) -> str:
    """Return what stands for the caller's place: an IPv4 address, or the /64 that one household has of IPv6."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "nowhere"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
