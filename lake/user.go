package lake

import (
	"os"
	"os/user"
)

// whoami is user@host of this process, as far as the machine says: for people,
// never for a decision.
func whoami() string {
	name := os.Getenv("USER")
	if account, err := user.Current(); err == nil {
		name = account.Username
	}
	host, _ := os.Hostname()
	return name + "@" + host
}
