//! Test kit, black-box tests and the simulation
