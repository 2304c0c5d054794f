package daemon

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/backend/guard"
	"github.com/BlockRunAI/clawrouter-codex/backend/settings"
)

// makeKeys is a start of the link as far as its keys go.
func makeKeys(t *testing.T, paths settings.Paths) (secret []byte, key string) {
	t.Helper()
	secret, err := openSecret(paths)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = bridgeKey(paths); err != nil {
		t.Fatal(err)
	}
	return secret, key
}

func TestTheKeysOutliveTheProgram(t *testing.T) {
	paths := settings.Paths{Root: t.TempDir()}
	secret, key := makeKeys(t, paths)
	again, sameKey := makeKeys(t, paths)
	if !bytes.Equal(secret, again) || len(secret) != keySize || key != sameKey || key == hex.EncodeToString(secret) {
		t.Fatalf("first %d bytes and %.7s, again %d and %.7s", len(secret), key, len(again), sameKey)
	}
	for _, path := range []string{paths.Key(), paths.Secret()} {
		if info, err := os.Stat(path); err != nil || (info.Mode().Perm() != 0o600 && runtime.GOOS != "windows") {
			t.Errorf("%v %v: others may read %s", info, err, path)
		}
	}
	if !guard.NewKeyFile(paths.Key()).Matches(key) {
		t.Error("the bridge does not take the key that Codex gets")
	}
	other, otherKey := makeKeys(t, settings.Paths{Root: t.TempDir()})
	if bytes.Equal(secret, other) || key == otherKey {
		t.Error("two folders have one key")
	}
	seen := map[string]string{key: "bridge", hex.EncodeToString(secret): "secret"}
	for _, purpose := range []string{envelopePurpose, apiPurpose, panelPurpose} {
		k, err := derived(secret, purpose)
		if err != nil || len(k) != keySize || seen[hex.EncodeToString(k)] != "" {
			t.Errorf("the key for %s: %v", purpose, err)
		}
		seen[hex.EncodeToString(k)] = purpose
	}
}

// Up to the release that gave clients a key, the file "key" held the secret: what
// was sealed with it must stay readable, and it must not go into Codex's files.
func TestTheSecretOfAnOlderReleaseIsKept(t *testing.T) {
	old := strings.Repeat("ab", keySize)
	for name, before := range map[string]func(settings.Paths) error{
		"an older release": func(p settings.Paths) error { return os.WriteFile(p.Key(), []byte(old+"\n"), 0o600) },
		"killed in between": func(p settings.Paths) error {
			return errors.Join(os.WriteFile(p.Key(), []byte(old+"\n"), 0o600), os.WriteFile(p.Secret(), []byte(old+"\n"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			paths := settings.Paths{Root: t.TempDir()}
			if err := before(paths); err != nil {
				t.Fatal(err)
			}
			// An older release may run, and a command beside it must find its API.
			if secret, err := readSecret(paths); err != nil || hex.EncodeToString(secret) != old {
				t.Errorf("before the start: %x %v", secret, err)
			}
			secret, key := makeKeys(t, paths)
			if hex.EncodeToString(secret) != old || key == old {
				t.Errorf("secret %x, key %s", secret, key)
			}
			if guard.NewKeyFile(paths.Key()).Matches(old) {
				t.Error("the secret opens the bridge")
			}
		})
	}
}

func TestRotateKey(t *testing.T) {
	paths := settings.Paths{Root: t.TempDir()}
	secret, key := makeKeys(t, paths)
	inForce := guard.NewKeyFile(paths.Key())
	if err := rotateKey(paths); err != nil {
		t.Fatal(err)
	}
	again, newKey := makeKeys(t, paths)
	if !bytes.Equal(secret, again) {
		t.Error("old threads cannot be read any more")
	}
	if newKey == key || inForce.Matches(key) || !inForce.Matches(newKey) {
		t.Error("the old key is still in force")
	}
}

func TestAKeyThatIsNotOursIsNotOverwritten(t *testing.T) {
	for _, text := range []string{"", "abcd\n", strings.Repeat("z", 64)} {
		for _, name := range []string{"key", "secret"} {
			paths := settings.Paths{Root: t.TempDir()}
			makeKeys(t, paths)
			path := filepath.Join(paths.Root, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := bridgeKey(paths)
			var bad *keyError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), path) || !strings.HasPrefix(bad.Mend(), "delete it") {
				t.Errorf("%s %q: %v", name, text, err)
			}
			if got, _ := os.ReadFile(path); string(got) != text {
				t.Errorf("%s %q became %q", name, text, got)
			}
		}
	}
}
