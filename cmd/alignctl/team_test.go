package main

import (
	"errors"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"alignctl/internal/disk/storetest"
	"alignctl/internal/pgtest"
)

// teamServers are what a shared lake needs: a PostgreSQL server with a database,
// and a bucket.
type teamServers struct {
	catalog string // address
	bucket  *storetest.Server
}

const teamDatabase = "culture"

func startTeamServers(t testing.TB) teamServers {
	t.Helper()
	postgres, err := pgtest.Start(t.Context())
	if errors.Is(err, pgtest.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := postgres.Create(t.Context(), teamDatabase); err != nil {
		t.Fatal(err)
	}
	return teamServers{catalog: postgres.Address(teamDatabase, postgres.Port), bucket: storetest.New(t)}
}

// environment lets a script, or a guide, in.
func (s teamServers) environment() map[string]string {
	variables := s.bucket.Environment()
	variables["PGPASSWORD"] = pgtest.Password
	variables["CATALOG"] = s.catalog
	variables["BUCKET"] = "s3://" + storetest.Bucket
	return variables
}

// TestTeamScripts runs the scripts about shared lakes.
func TestTeamScripts(t *testing.T) {
	servers := startTeamServers(t)
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/team",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(env *testscript.Env) error {
			for name, value := range servers.environment() {
				env.Setenv(name, value)
			}
			return inheritEnvironment(env)
		},
	})
}

// standInTeam has servers of the tests' stand in for the team's.
func standInTeam(s *shell) {
	servers := startTeamServers(s.t)
	for name, value := range servers.environment() {
		s.t.Setenv(name, value)
	}
	s.names["postgres://lake@db.example.org/culture"] = servers.catalog
	s.names["s3://culture"] = "s3://" + storetest.Bucket
}
