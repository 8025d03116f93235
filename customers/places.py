"""Where a customer is, as a link that a phone or a browser opens as a route. Nothing is loaded from there."""

from urllib.parse import quote, urlencode

from customers.models import Customer

MAP = "https://www.openstreetmap.org"


def route_url(customer: Customer) -> str:
    """The route to the customer by position, else the search for its address; "" where neither is known."""
    if customer.latitude is not None:
        return f"{MAP}/directions?{urlencode({'to': f'{customer.latitude:.6f},{customer.longitude:.6f}'})}"
    parts = [customer.address, customer.postcode, customer.town, customer.country]
    if customer.address or customer.town:
        return f"{MAP}/search?{urlencode({'query': ', '.join(part for part in parts if part)}, quote_via=quote)}"
    return ""


def phone_url(number: str) -> str:
    """A number as a link that dials; "" for none."""
    digits = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f"tel:{digits}" if digits else ""
