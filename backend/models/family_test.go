package models

import "testing"

func TestEveryFamilyHasAName(t *testing.T) {
	for _, m := range Snapshot().Models {
		if family := m.Family(); familyNames[family] == "" {
			t.Errorf("%s is of the family %q, which has no name for people", m.ID, family)
		}
	}
	for family, want := range map[string]string{"": "", "newmaker": "Newmaker", "zai": "Z.ai"} {
		if got := FamilyName(family); got != want {
			t.Errorf("FamilyName(%q) is %q, want %q", family, got, want)
		}
	}
}
