"""Nexmark: an auction site's stream of people, auctions and bids, and the queries that are asked of it."""
