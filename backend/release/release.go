// Package release asks the project's release feed for the newest release. It
// asks only when it is called, tells the feed nothing of the user, and neither
// downloads nor installs anything.
package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// Feed is where the project publishes: the newest release that is no draft and
// no pre-release, as GitHub's REST API describes it.
const Feed = "https://api.github.com/repos/BlockRunAI/clawrouter-codex/releases/latest"

// Release is one that people may install.
type Release struct {
	Version   string    `json:"version"`            // without a leading v
	Page      string    `json:"page,omitempty"`     // what is new, and the files
	Published time.Time `json:"published,omitzero"` // UTC
}

const (
	// patience bounds the whole question.
	patience = 10 * time.Second
	// answerLimit is far above what a release with a long text has.
	answerLimit = 1 << 20
)

// Latest asks feed. The transport is the caller's; nil is the default one.
func Latest(ctx context.Context, transport http.RoundTripper, feed string) (Release, error) {
	if err := checkAddress(feed); err != nil {
		return Release{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, feed, nil)
	if err != nil {
		return Release{}, err
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	// GitHub refuses requests without one. The version stays here.
	req.Header.Set("User-Agent", "clawrouter-codex")
	client := http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 3 {
			return errors.New("it redirects too often")
		}
		return checkAddress(req.URL.String())
	}}
	resp, err := client.Do(req)
	if err != nil {
		return Release{}, fmt.Errorf("ask the release feed: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return Release{}, fmt.Errorf("the release feed %s lists no release", feed)
	default:
		return Release{}, fmt.Errorf("the release feed %s answered %s", feed, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return Release{}, fmt.Errorf("read the release feed: %w", err)
	}
	return parse(body)
}

// checkAddress keeps somebody on the way from announcing a release of theirs:
// plain HTTP stays on this machine.
func checkAddress(feed string) error {
	u, err := url.Parse(feed)
	if err != nil {
		return fmt.Errorf("the release feed has no proper address: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && local {
		return nil
	}
	return fmt.Errorf("the release feed %s is not an https:// address", feed)
}

func parse(body []byte) (Release, error) {
	var answer struct {
		Tag       string    `json:"tag_name"`
		Page      string    `json:"html_url"`
		Published time.Time `json:"published_at"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return Release{}, fmt.Errorf("the release feed does not answer as a feed of releases: %w", err)
	}
	tag := "v" + strings.TrimPrefix(answer.Tag, "v")
	if !semver.IsValid(tag) {
		return Release{}, fmt.Errorf("the release feed names %q, which is no version", answer.Tag)
	}
	r := Release{Version: tag[1:], Published: answer.Published}
	// It is printed for people to click on.
	if u, err := url.Parse(answer.Page); err == nil && u.Scheme == "https" {
		r.Page = u.String()
	}
	return r, nil
}

// Order tells a version from a release.
type Order string

// How a version stands to a release.
const (
	Older   Order = "older"   // an update is there
	Current Order = "current" // the same, or newer
	Unknown Order = "unknown" // not built from a release
)

// Compare tells how version, as the program prints it, stands to r.
func (r Release) Compare(version string) Order {
	v := "v" + strings.TrimPrefix(version, "v")
	switch {
	case !semver.IsValid(v):
		return Unknown
	case semver.Compare(v, "v"+r.Version) < 0:
		return Older
	}
	return Current
}
