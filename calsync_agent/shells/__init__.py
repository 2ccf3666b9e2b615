"""What a command line's parser knows, told to shells and to `man`."""
