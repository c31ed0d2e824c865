"""Who is who: the looks of Verona's people and of those who stray in from other plays."""

from __future__ import annotations

from portraits import BROWN, DEEP, FAIR, OLIVE, ROSY, TAN, Look

# Backgrounds by house: warm for the Capulets, cool for the Montagues, and so on.
CAPULET, MONTAGUE, COURT, CHURCH, SERVANT, GUEST = "#d98873", "#7fa6b8", "#a78bb5", "#b3a284", "#c9a96b", "#8fae8b"
PADUA, MILAN, ELSINORE, ILLYRIA, WINDSOR, ARDEN = "#c98ba0", "#9db5a0", "#8a93a3", "#89b0ae", "#b58f7a", "#7f9b6f"
RED, WINE, GOLD, BLUE, TEAL, PLUM = "#b23a48", "#6d2e46", "#d9a441", "#33658a", "#2f6f73", "#5b3a73"
LINEN, CREAM, IRON, SACK, MOSS, NIGHT = "#f5efe0", "#f3e6c8", "#aab4bf", "#8a6f52", "#5f7a4e", "#2b2b3a"
RAVEN, CHESTNUT, AUBURN, STRAW, GREY, SNOW = "#2d2327", "#5a3825", "#9a4a24", "#d8b168", "#9a958f", "#e4e0d8"

LOOKS: dict[str, Look] = {
    # the two houses
    "juliet": Look(CAPULET, FAIR, CHESTNUT, "long", RED, CREAM, "round", extra="flower"),
    "capulet": Look(CAPULET, ROSY, GREY, "short", WINE, CREAM, "ruff", beard="full", mood="cross"),
    "lady-capulet": Look(CAPULET, FAIR, RAVEN, "bun", WINE, GOLD, "lace", extra="earring"),
    "tybalt": Look(CAPULET, OLIVE, RAVEN, "crop", RED, NIGHT, "vee", beard="goatee", mood="cross", extra="scar"),
    "nurse": Look(CAPULET, ROSY, GREY, "bun", SACK, LINEN, "round", "coif", LINEN, mood="merry"),
    "romeo": Look(MONTAGUE, TAN, CHESTNUT, "curls", BLUE, CREAM, "vee"),
    "montague": Look(MONTAGUE, ROSY, SNOW, "short", BLUE, CREAM, "ruff", beard="full", mood="sad"),
    "lady-montague": Look(MONTAGUE, FAIR, STRAW, "bob", TEAL, LINEN, "lace", "veil", "#dfe9ec", mood="sad"),
    "benvolio": Look(MONTAGUE, BROWN, RAVEN, "curls", TEAL, CREAM, "round", mood="merry"),
    "balthasar": Look(MONTAGUE, TAN, STRAW, "bob", MOSS, LINEN, "vee", "cap", MOSS),
    "abraham": Look(MONTAGUE, DEEP, RAVEN, "crop", BLUE, IRON, "plate", mood="cross"),
    # the Prince's court
    "escalus": Look(COURT, OLIVE, GREY, "bob", PLUM, GOLD, "ruff", "crown", beard="full"),
    "mercutio": Look(COURT, TAN, AUBURN, "wild", PLUM, GOLD, "vee", beard="moustache", mood="merry", extra="mask"),
    "paris": Look(COURT, FAIR, STRAW, "short", "#4a5d94", GOLD, "ruff", "feather", "#4a5d94"),
    "valentine": Look(COURT, BROWN, RAVEN, "short", GOLD, NIGHT, "vee", "beret", GOLD),
    # the church
    "laurence": Look(CHURCH, ROSY, GREY, "tonsure", SACK, LINEN, "cowl", beard="full"),
    "john": Look(CHURCH, OLIVE, CHESTNUT, "tonsure", SACK, LINEN, "cowl", "hood", SACK, mood="sad"),
    # servants and musicians
    "sampson": Look(SERVANT, TAN, AUBURN, "crop", SACK, IRON, "plate", beard="full", mood="cross"),
    "gregory": Look(SERVANT, FAIR, CHESTNUT, "bob", SACK, IRON, "plate", mood="merry"),
    "peter": Look(SERVANT, ROSY, STRAW, "wild", MOSS, LINEN, "round", extra="freckles"),
    "potpan": Look(SERVANT, OLIVE, RAVEN, "short", LINEN, SACK, "round", "cap", LINEN),
    "anthony": Look(SERVANT, DEEP, RAVEN, "crop", MOSS, LINEN, "round", "cap", SACK, mood="merry"),
    "susan": Look(SERVANT, FAIR, STRAW, "braid", "#c98ba0", LINEN, "lace", mood="asleep"),
    "catling": Look(SERVANT, BROWN, GREY, "bald", TEAL, CREAM, "vee", beard="full", mood="merry"),
    "rebeck": Look(SERVANT, DEEP, RAVEN, "curls", RED, GOLD, "vee", "beret", WINE),
    "soundpost": Look(SERVANT, FAIR, AUBURN, "bob", BLUE, CREAM, "round", mood="sad", extra="glasses"),
    # the guests at Capulet's feast
    "rosaline": Look(GUEST, TAN, RAVEN, "braid", PLUM, GOLD, "lace", "wreath", MOSS),
    "livia": Look(GUEST, FAIR, AUBURN, "bun", TEAL, LINEN, "lace", extra="freckles"),
    "helena": Look(GUEST, DEEP, RAVEN, "curls", GOLD, CREAM, "lace", mood="merry", extra="earring"),
    "petruchio": Look(GUEST, OLIVE, CHESTNUT, "wild", RED, GOLD, "ruff", beard="moustache"),
    "placentio": Look(GUEST, ROSY, GREY, "bald", NIGHT, CREAM, "ruff", beard="goatee"),
    "lucio": Look(GUEST, BROWN, RAVEN, "crop", RED, GOLD, "ruff", "feather", RED, mood="merry"),
    "anselme": Look(GUEST, FAIR, SNOW, "tonsure", PLUM, CREAM, "ruff", beard="moustache"),
    "martino": Look(GUEST, TAN, CHESTNUT, "short", MOSS, CREAM, "ruff", extra="glasses"),
    "vitruvia": Look(GUEST, ROSY, SNOW, "bun", NIGHT, LINEN, "lace", "veil", NIGHT, mood="sad"),
    "mab": Look(
        "#5d6390", "#d9d2f0", "#c7b6f2", "long", "#8f7fd0", "#f4d35e", "lace", "wreath", "#f4d35e", mood="asleep"
    ),
    "apothecary": Look("#7d8471", "#d8d3b0", GREY, "wild", NIGHT, SACK, "cowl", mood="sad"),
    "chorus": Look("#d0b9a0", DEEP, SNOW, "curls", WINE, GOLD, "vee", "wreath", GOLD, mood="merry"),
    # strangers from other plays
    "katherina": Look(PADUA, OLIVE, AUBURN, "wild", RED, NIGHT, "lace", mood="cross"),
    "bianca": Look(PADUA, FAIR, STRAW, "braid", "#e2b7c4", LINEN, "lace", "hennin", "#b96a86"),
    "gremio": Look(PADUA, ROSY, SNOW, "bald", SACK, GOLD, "ruff", "beret", WINE, beard="full"),
    "proteus": Look(MILAN, TAN, CHESTNUT, "bob", TEAL, GOLD, "vee", "feather", TEAL),
    "silvia": Look(MILAN, BROWN, RAVEN, "long", LINEN, GOLD, "lace", "wreath", MOSS),
    "lance": Look(MILAN, ROSY, STRAW, "crop", SACK, LINEN, "round", "cap", SACK, mood="sad"),
    "speed": Look(MILAN, DEEP, RAVEN, "wild", GOLD, RED, "round", mood="merry"),
    "hamlet": Look(ELSINORE, FAIR, STRAW, "bob", NIGHT, IRON, "ruff", mood="sad"),
    "ophelia": Look(ELSINORE, FAIR, AUBURN, "long", LINEN, "#e2b7c4", "lace", "wreath", MOSS, mood="sad"),
    "horatio": Look(ELSINORE, BROWN, RAVEN, "short", BLUE, LINEN, "vee", extra="glasses"),
    "yorick": Look(ELSINORE, "#efe7d2", SNOW, "bald", RED, GOLD, "ruff", mood="merry"),
    "viola": Look(ILLYRIA, TAN, CHESTNUT, "bob", TEAL, GOLD, "vee", "beret", TEAL),
    "sebastian": Look(ILLYRIA, TAN, CHESTNUT, "short", TEAL, GOLD, "vee"),
    "feste": Look(ILLYRIA, ROSY, AUBURN, "curls", GOLD, RED, "ruff", "beret", RED, mood="merry", extra="freckles"),
    "malvolio": Look(ILLYRIA, FAIR, RAVEN, "short", GOLD, NIGHT, "ruff", beard="goatee", mood="cross"),
    "falstaff": Look(WINDSOR, ROSY, SNOW, "bald", WINE, GOLD, "ruff", "feather", WINE, "full", "merry"),
    "quickly": Look(WINDSOR, ROSY, GREY, "bun", TEAL, LINEN, "lace", "coif", LINEN),
    "bardolph": Look(WINDSOR, "#e58f72", AUBURN, "wild", SACK, IRON, "plate", beard="full", mood="merry"),
    "nym": Look(WINDSOR, TAN, RAVEN, "crop", MOSS, IRON, "plate", mood="cross", extra="scar"),
    "pistol": Look(WINDSOR, OLIVE, RAVEN, "bob", RED, GOLD, "vee", "feather", RED, "moustache", "cross"),
    "shallow": Look(WINDSOR, FAIR, SNOW, "tonsure", PLUM, LINEN, "ruff", beard="goatee"),
    "slender": Look(WINDSOR, FAIR, STRAW, "short", TEAL, LINEN, "ruff", "cap", TEAL, mood="sad"),
    "anne": Look(WINDSOR, FAIR, CHESTNUT, "braid", "#c98ba0", LINEN, "lace", extra="flower"),
    "ford": Look(WINDSOR, TAN, CHESTNUT, "short", NIGHT, LINEN, "ruff", beard="full", mood="cross"),
    "caius": Look(WINDSOR, FAIR, RAVEN, "curls", BLUE, LINEN, "lace", beard="goatee", extra="glasses"),
    "simple": Look(WINDSOR, ROSY, AUBURN, "bob", SACK, LINEN, "round", extra="freckles"),
    "host": Look(WINDSOR, BROWN, GREY, "curls", LINEN, WINE, "vee", beard="moustache", mood="merry"),
    "fenton": Look(WINDSOR, DEEP, RAVEN, "short", PLUM, GOLD, "ruff", "beret", PLUM),
    "rosencrantz": Look(ELSINORE, OLIVE, CHESTNUT, "bob", MOSS, GOLD, "vee", "beret", MOSS),
    "rosalind": Look(ARDEN, FAIR, AUBURN, "short", MOSS, CREAM, "vee", "cap", MOSS, mood="merry"),
    "celia": Look(ARDEN, BROWN, RAVEN, "braid", "#c98ba0", LINEN, "lace", "wreath", MOSS),
    "orlando": Look(ARDEN, TAN, STRAW, "bob", SACK, CREAM, "vee"),
    "touchstone": Look(ARDEN, ROSY, CHESTNUT, "bald", RED, GOLD, "ruff", "beret", GOLD, mood="merry"),
    "jaques": Look(ARDEN, OLIVE, GREY, "long", NIGHT, IRON, "cowl", beard="full", mood="sad"),
    "benedick": Look("#b9a06b", ROSY, AUBURN, "curls", BLUE, IRON, "plate", beard="full", mood="merry"),
    "puck": Look("#6f8f6a", "#b9cf9a", MOSS, "wild", MOSS, GOLD, "vee", "wreath", "#3f6b3a", mood="merry"),
    "bottom": Look("#6f8f6a", OLIVE, SACK, "short", SACK, LINEN, "round", "cap", RED, beard="moustache", mood="merry"),
}
