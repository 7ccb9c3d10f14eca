"""Bank transfers: references and QR codes for who pays, and the statements of banks that say who did."""
