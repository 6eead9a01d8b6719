"""What the shop does without a request: RQ jobs, and the schedule of those that come round."""
