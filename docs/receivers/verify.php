<?php
// Verify a webhook in PHP; needs only what PHP brings.
const TOLERANCE = 300; // seconds

// $secret as shown in the dashboard, $headers with lower-case names, $body from php://input
function is_genuine(string $secret, array $headers, string $body): bool
{
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    $signatures = $headers['webhook-signature'] ?? '';
    if ($id === '' || !preg_match('/^\d{1,12}$/D', $timestamp) || abs(time() - (int) $timestamp) > TOLERANCE) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $one) {
        if (hash_equals($expected, $one)) {
            return true;
        }
    }
    return false;
}

// The same with X-Billoget-Signature: check the time in the body yourself.
function is_genuine_billoget(string $secret, array $headers, string $body): bool
{
    $expected = hash_hmac('sha256', $body, $secret);
    return hash_equals($expected, $headers['x-billoget-signature'] ?? '')
        || hash_equals($expected, $headers['x-billoget-signature-previous'] ?? '');
}
