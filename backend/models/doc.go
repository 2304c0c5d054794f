// Package models holds what is known of each model: family, context window,
// price, vision, reasoning, free or paid, routing profile. It is data and
// look-ups only; it never asks the network.
package models
