// Package receiver verifies webhooks in Go; it needs only the standard library.
package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

func digest(key, signed []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(signed)
	return mac.Sum(nil)
}

// IsGenuine takes the secret as shown in the dashboard and the body as raw bytes.
func IsGenuine(secret string, header http.Header, body []byte) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	signed := append([]byte(fmt.Sprintf("%s.%s.", id, timestamp)), body...)
	expected := "v1," + base64.StdEncoding.EncodeToString(digest(key, signed))
	for _, one := range strings.Fields(header.Get("webhook-signature")) {
		if hmac.Equal([]byte(expected), []byte(one)) {
			return true
		}
	}
	return false
}

// IsGenuineBilloget does the same with X-Billoget-Signature: check the time in the body yourself.
func IsGenuineBilloget(secret string, header http.Header, body []byte) bool {
	expected := []byte(hex.EncodeToString(digest([]byte(secret), body)))
	return hmac.Equal(expected, []byte(header.Get("X-Billoget-Signature"))) ||
		hmac.Equal(expected, []byte(header.Get("X-Billoget-Signature-Previous")))
}
