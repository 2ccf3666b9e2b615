"""What decides: functions of values, without SQL, network, files or clocks."""
