//! Endpoints and EndpointSlice: which pods stand behind a service.
//! Source: kubernetes v1.37 pkg/apis/{core,discovery}/v1/defaults.go.

use super::view::Fill;
use super::{NONE, Rules};

/// The rules of endpoints.
pub const ENDPOINTS: Rules = Rules {
    kind: "v1 Endpoints",
    defaults: |endpoints| endpoints.each("subsets", |set| set.each("ports", |port| port.fill_zero("protocol", "TCP"))),
    ..NONE
};

/// The rules of endpoint slices.
pub const SLICE: Rules = Rules {
    kind: "discovery.k8s.io/v1 EndpointSlice",
    simulated: &["*"],
    defaults: |slice| {
        slice.each("ports", |port| {
            port.fill("name", "");
            port.fill("protocol", "TCP");
        });
    },
    strategy: super::first_generation,
    ..NONE
};
