"""Many machines over months: fabric, storage, failures, goodput."""
