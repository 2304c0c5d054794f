package login

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

// hkcu is the registry of this user.
type hkcu struct{}

func systemRegistry() Registry { return hkcu{} }

// read calls get with an open key, and turns what is not there into false.
func read[T any](key string, get func(registry.Key) (T, uint32, error)) (value T, there bool, err error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, key, registry.QUERY_VALUE)
	if err == nil {
		value, _, err = get(k)
		err = errors.Join(err, k.Close())
	}
	if errors.Is(err, registry.ErrNotExist) {
		return value, false, nil
	}
	return value, err == nil, err
}

// Text implements Registry.
func (hkcu) Text(key, name string) (string, bool, error) {
	return read(key, func(k registry.Key) (string, uint32, error) { return k.GetStringValue(name) })
}

// Bytes implements Registry.
func (hkcu) Bytes(key, name string) ([]byte, bool, error) {
	return read(key, func(k registry.Key) ([]byte, uint32, error) { return k.GetBinaryValue(name) })
}

// SetText implements Registry.
func (hkcu) SetText(key, name, value string) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, key, registry.SET_VALUE)
	if err != nil {
		return err
	}
	return errors.Join(k.SetStringValue(name, value), k.Close())
}

// Delete implements Registry.
func (hkcu) Delete(key, name string) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, key, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = k.DeleteValue(name)
	if errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, k.Close())
}
