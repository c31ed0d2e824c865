"""One SAX handler in front of aioxmpp's parser: requests answered raw, and observers.

Reading leniently begins here: whatever an XSO would refuse still reaches us as a tree.
"""

from .service import Wire
from .tap import Guard

__all__ = ["Guard", "Wire"]
