"""The contract engine: reads the contract, compiles it at start, and judges every exchange."""
