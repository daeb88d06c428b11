"""The portraits of the shared data on which the face is tested."""

PORTRAITS = ("luxun_1930.png", "mona_lisa.jpg", "sargent_elizabeth_winthrop.jpg", "sargent_portrait.jpg")
