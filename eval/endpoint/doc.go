// Package endpoint asks models behind a server that speaks the OpenAI API, such
// as vLLM, llama.cpp or a provider of large models: POST to chat/completions
// with messages, or to completions with a text.
//
// An Ask keeps several requests on their way. A request that fails in a way that
// may pass (no connection, a time-out, a cut or unreadable answer, status 408,
// 429 or 5xx) is repeated after a pause, which doubles each time and is a little
// random, or as long as the server's Retry-After; while a server has too much to
// do, nobody asks. Other failures, and a last attempt's, end the Ask with an
// error that names the server, the conversation, what happened and what may help;
// what is on its way then still arrives. The answers handed over until then
// stay good, so the caller loses nothing and asks for the rest later.
//
// The key is sent to the server and goes nowhere else: see Key.
package endpoint
