// Package wvs asks a model the questions of the World Values Survey and sets its
// answers beside people's.
//
// A Survey is what people of some countries answered to the questions that all
// of them were asked, as distributions over each question's options. A model's
// distribution comes from one of three read-outs: how likely it finds
// each option's words, how likely it begins its answer with the option's letter
// or number, or what it answers when it is asked many times. Asking and scoring
// are apart: Ask keeps what the model said of each option in each order in which
// the options were shown, Score makes figures of it.
//
// The words of the survey are licensed and come from the lake; the prompts
// around them are templates.
package wvs
