"""Places: what of a trailer becomes one clip of the edit, with the fades and dissolves that the trailer has there.

Shots tile a film, and the frames of a transition between two are shared out in the middle. An editor sees it otherwise:
black is a clip of its own, from its first frame to its last; a picture begins at its first frame behind the black; a
shot goes on while it fades; and a title begins when nothing of the scene before is left. So every frame is judged by
its light: where black and white stand, how much is left of a picture, and whether a title is alone on its ground.
"""

from reinterpret.places.find import places_of
from reinterpret.places.place import FadePolicy, Place, PlaceKind, WipePolicy

__all__ = ["FadePolicy", "Place", "PlaceKind", "WipePolicy", "places_of"]
