"""What travels on the sockets, as typed values: nothing inside the server handles bare dictionaries.

base       the common model, the limits
objects    what events carry: items, the session, the response
client     what a client may send, as a discriminated union
server     what the server sends
parsing    a client's text frame to its event, with errors that name the place
framing    the binary frames of the media socket
"""
