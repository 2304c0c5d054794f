package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// tarGz packs a folder below the name top. Owner, order and times say nothing of
// the machine that packed it.
func tarGz(folder, top, file string, when time.Time) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	err = eachFile(folder, func(name string, info fs.FileInfo, data []byte) error {
		h := &tar.Header{
			Name: path.Join(top, name), Mode: int64(info.Mode().Perm()), Size: int64(len(data)),
			ModTime: when, Format: tar.FormatPAX, Typeflag: tar.TypeReg,
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := t.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return writeFile(file, packed.Bytes(), 0o644)
}

// zipped packs a folder below the name top.
func zipped(folder, top, file string, when time.Time) error {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	err := eachFile(folder, func(name string, info fs.FileInfo, data []byte) error {
		h := &zip.FileHeader{Name: path.Join(top, name), Method: zip.Deflate, Modified: when}
		h.SetMode(info.Mode().Perm())
		w, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return writeFile(file, packed.Bytes(), 0o644)
}

// eachFile calls do for the files below folder, in the order of their names,
// which have slashes.
func eachFile(folder string, do func(name string, info fs.FileInfo, data []byte) error) error {
	return filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, p)
		if err != nil {
			return err
		}
		return do(filepath.ToSlash(name), info, data)
	})
}

// gzipped is data as a .gz that has no name and no time.
func gzipped(data []byte) ([]byte, error) {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(z, bytes.NewReader(data)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
