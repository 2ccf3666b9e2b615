"""What `packaging/release` and the commands beside it are made of: no part of the program."""
