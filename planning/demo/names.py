"""Names and places of the demo. The people and companies are invented; the towns and where they lie are real."""

from typing import NamedTuple


class Town(NamedTuple):
    """A town with its latitude and longitude in degrees."""

    name: str
    latitude: float
    longitude: float


# Team -> its base and the towns it works.
TOWNS = {
    "York team": [
        Town("York", 53.959, -1.082),
        Town("Selby", 53.784, -1.067),
        Town("Malton", 54.135, -0.799),
        Town("Thirsk", 54.234, -1.341),
        Town("Scarborough", 54.283, -0.400),
        Town("Beverley", 53.842, -0.427),
        Town("Driffield", 54.006, -0.444),
        Town("Hull", 53.745, -0.336),
        Town("Whitby", 54.486, -0.613),
        Town("Goole", 53.704, -0.877),
    ],
    "Leeds team": [
        Town("Leeds", 53.801, -1.549),
        Town("Harrogate", 53.992, -1.541),
        Town("Skipton", 53.962, -2.016),
        Town("Ripon", 54.138, -1.524),
        Town("Bradford", 53.795, -1.759),
        Town("Halifax", 53.721, -1.863),
        Town("Huddersfield", 53.646, -1.785),
        Town("Wakefield", 53.683, -1.499),
        Town("Barnsley", 53.552, -1.480),
        Town("Ilkley", 53.925, -1.822),
    ],
    "Newcastle team": [
        Town("Newcastle", 54.978, -1.618),
        Town("Durham", 54.776, -1.576),
        Town("Sunderland", 54.906, -1.381),
        Town("Darlington", 54.523, -1.553),
        Town("Hexham", 54.971, -2.101),
        Town("Alnwick", 55.413, -1.706),
        Town("Morpeth", 55.168, -1.687),
        Town("Consett", 54.853, -1.832),
        Town("Stockton", 54.568, -1.319),
        Town("Hartlepool", 54.686, -1.212),
    ],
}


class Player(NamedTuple):
    """A person of the demo: role, hours, the part of them for customers, cost an hour, how well they keep the rhythm."""

    name: str
    team: str
    role: str
    profile: str
    hours: str
    selling_share: str
    diligence: float


REGION = "North"
PEOPLE = [
    Player("Maren Holt", "York team", "Salesperson", "sole", "37.5", "0.68", 0.98),
    Player("Idris Vane", "York team", "Salesperson", "sole", "37.5", "0.44", 0.93),
    Player("Petra Lind", "York team", "Sales coordinator", "support", "37.5", "0.22", 1.0),
    Player("Owen Strand", "York team", "Technical support", "support", "37.5", "0.14", 1.05),
    Player("Tess Arkle", "Leeds team", "Salesperson", "sole", "37.5", "0.52", 0.96),
    Player("Callum Reeve", "Leeds team", "Salesperson", "sole", "30", "0.44", 0.82),
    Player("Nadia Frost", "Leeds team", "Sales coordinator", "support", "30", "0.26", 1.02),
    Player("Bryn Holloway", "Newcastle team", "Salesperson", "sole", "37.5", "0.34", 1.0),
    Player("Sana Quill", "Newcastle team", "Salesperson", "sole", "37.5", "0.42", 0.97),
    Player("Joss Merrin", "Newcastle team", "Technical support", "support", "30", "0.09", 0.95),
    Player("Ruth Carrow", REGION, "Sales manager", "lead", "37.5", "0.10", 1.0),
    Player("Alma Teague", REGION, "Administrator", "support", "37.5", "0", 1.0),
]
# Joins in some sales; comes last, for whoever is drawn for in between would change all else.
SENIOR = Player("Edda Falk", REGION, "Senior manager", "lead", "37.5", "0.05", 1.0)

FIRST = """Alder Ash Beck Birch Black Bram Brock Cold Crag Dale Dun Elm Fair Fell Fern Gold Grey Hart Haw Hazel Heather High
Holm Kirk Lark Lime Long Marsh Mill Moor Nether Oak Over Raven Red Rook Rush Sand Silver Stone Swan Thorn Wain West White
Willow Wind Wood Wren Yew""".split()
SECOND = """beck brook bridge by combe croft dale den fall field ford garth gate gill ham haven holme hurst land ley mere
rigg shaw side stead thorpe ton vale wick worth""".split()

# Market -> what its companies are called.
MARKETS = {
    "Dairy": ["Dairy", "Creamery", "Cheese"],
    "Bakery": ["Bakery", "Mills", "Oven Foods"],
    "Drinks": ["Brewing", "Cider", "Springs", "Roasters"],
    "Meat and fish": ["Butchers", "Smokehouse", "Fisheries"],
    "Produce": ["Growers", "Preserves", "Farm Foods"],
}

CONTACTS_FIRST = """Anna Ben Carla Dev Ellen Farid Gwen Hugo Ines Jack Karin Liam Mona Nils Olga Pavel Rosa Sam Tara Uma
Victor Wanda Xenia Yusuf Zara Agnes Bill Clara Dora Emil""".split()
CONTACTS_LAST = """Abbot Barlow Chard Dunn Eddis Firth Garside Hewitt Ince Jowett Kell Lumb Marr Naylor Oddie Pask Quarmby
Rudd Scholes Tordoff Unwin Varley Wragg Yarwood Ziegler""".split()

PRODUCT_LINES = [
    ("Labels and film", "1200", 2600),
    ("Trays and cartons", "2400", 2600),
    ("Service plans", "3600", 1500),
    ("Sealing machines", "18000", 2000),
    ("Compostable trays", "2900", 300),
]

NOTES = {
    "advanced": [
        "Trial agreed for next month.",
        "They want a quotation for the second line.",
        "Good talk; introduced us to the plant manager.",
        "Samples passed their shelf-life test.",
    ],
    "neutral": [
        "Confirmed delivery dates, nothing open.",
        "Talked through their forecast for the season.",
        "",
        "",
        "Stock is fine until the end of the month.",
    ],
    "set_back": [
        "Budget moved to the next quarter.",
        "A competitor is ten per cent lower on film.",
        "Line stopped twice, they blame the tray.",
    ],
    "no_answer": ["", "Left a message.", ""],
}
LOST_REASONS = ["bought elsewhere, price", "plant closed", "project stopped", "stays with present supplier"]
