//! An address that is taken is written in one way, which is taken again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof_core::{Address, Network};

fuzz_target!(|text: &str| {
    for network in Network::ALL {
        if let Ok(address) = Address::parse(network, text) {
            let again = Address::parse(network, &address.to_string());
            assert_eq!(again.ok().map(|again| again.to_string()), Some(address.to_string()));
        }
    }
});
