"""The connector itself: rules in the middle, EHR, Microsoft and storage at the edge."""
