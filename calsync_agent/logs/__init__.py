"""What is written to the log file, to the console and to journald, and how."""
