// Verify a webhook in JavaScript (Node.js); needs only what Node brings.
const { createHmac, timingSafeEqual } = require("node:crypto");

const TOLERANCE = 300; // seconds

function same(a, b) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

// secret as shown in the dashboard, headers with lower-case names, body the raw bytes (a Buffer)
function isGenuine(secret, headers, body) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (!id || !signatures || !/^\d+$/.test(timestamp || "")) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = "v1," + createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return signatures.split(" ").some((one) => same(expected, one));
}

// The same with X-Billoget-Signature: check the time in the body yourself.
function isGenuineBilloget(secret, headers, body) {
  const expected = createHmac("sha256", secret).update(body).digest("hex");
  const given = [headers["x-billoget-signature"] || "", headers["x-billoget-signature-previous"] || ""];
  return given.some((one) => same(expected, one));
}

module.exports = { isGenuine, isGenuineBilloget };
