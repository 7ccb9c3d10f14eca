"""The first request of a new caller."""


def test_a_customer_is_created_and_read_again(api):
    reply = api.post("/customers", {"name": "Ada Lovelace", "email": "ada@example.org", "phone": "+1234567890"})
    assert reply.status_code == 201, reply.json
    body = reply.json
    assert body["data"]["id"] == "customer_1"
    assert body["data"]["status"] == "ACTIVE"
    assert body["meta"]["requestId"].startswith("req_")
    again = api.get("/customers/customer_1").json["data"]
    assert again == body["data"]
    assert again["createdAt"].endswith("Z")
    assert len(again["createdAt"]) == 20


def test_a_budget_adds_up(api):
    api.post("/customers", {"name": "Ada"})
    api.post("/products", {"name": "Lamp", "price": 19.99})
    reply = api.post("/budgets", {
        "customerId": "customer_1", "items": [
            {"productId": "product_1", "quantity": 3},
            {"description": "Work", "quantity": 1, "unitPrice": 100, "tax": 21, "discount": 0.01},
        ],
    })
    assert reply.status_code == 201, reply.json
    data = reply.json["data"]
    assert (data["subtotal"], data["discount"], data["tax"], data["total"]) == (159.97, 0.01, 21.0, 180.96)
    assert data["items"][0]["description"] == "Lamp"
    assert data["customer"]["name"] == "Ada"
    assert api.get("/budgets?search=work").json["pagination"]["total"] == 1


def test_lists_page_and_refuse(api):
    for number in range(12):
        assert api.post("/products", {"name": f"P{number}", "price": number}).status_code == 201
    reply = api.get("/products?limit=5&page=3&sort=price")
    assert [one["price"] for one in reply.json["data"]] == [10.0, 11.0]
    assert reply.json["pagination"] == {"page": 3, "limit": 5, "total": 12, "hasMore": False}
    assert api.get("/products?page=0").json["error"] == "invalid_parameter"
    assert reply.headers["X-RateLimit-Limit"] == "100000"
