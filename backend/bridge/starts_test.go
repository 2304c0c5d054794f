package bridge

import (
	"testing"
	"testing/synctest"
	"time"
)

// A turn that finds all places to start taken waits for the first that is free, and
// for no longer than startFor where those who have them are slow.
func TestStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := make(starts, 2)
		first, second := s.begin(), s.begin()
		began := time.Now()
		waited := make(chan time.Duration)
		next := func() {
			st := s.begin()
			waited <- time.Since(began)
			st.over()
		}
		go next()
		synctest.Wait()
		time.Sleep(startFor / 2)
		first.over()
		first.over()
		if d := <-waited; d != startFor/2 {
			t.Errorf("waited %v for a start that was over after %v", d, startFor/2)
		}
		third := s.begin()
		go next()
		if d := <-waited; d != startFor {
			t.Errorf("waited %v for a start that is not over after %v", d, startFor)
		}
		second.over() // too late: its place is another's
		third.over()
		if len(s) != 0 {
			t.Errorf("%d places are taken when all is over", len(s))
		}
		var none *start
		none.over()
	})
}
