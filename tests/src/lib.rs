//! Home of the test binary `all`: the laws of the house, the mutation sweep, and the deployed function in the seeded
//! world. There is nothing to call here.
