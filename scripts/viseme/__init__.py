"""How the network that reads visemes from sound is made: its data, its training, its export."""
