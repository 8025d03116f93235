"""Published instances of routing, districting and call allocation, read for the product's own solvers; and how long these take.

All of it: `bench/run routing`. Instances of one's own: `bench/run routing --data FOLDER`, with files in its folders `top`,
`districting` and `callplan`.
"""
