"""The knowledge base by the Core API."""

from tests.articles import change, make_article, make_category, stored


def test_a_category_and_an_article_are_made_changed_and_published(core, alder):
    category = core.result("article_categories.create", {"companies_id": alder, "name": "Billing"})
    made = core.result("articles.create", {
        "companies_id": alder, "categories_id": category["id"], "title": "Refunds", "content": "**Soon**"})
    assert made | {
        "categories_id": category["id"], "title": "Refunds", "slug": "refunds", "content": "**Soon**",
        "status": "draft", "views": 0, "version": 1} == made
    key = made["id"]
    core.result("articles.publish", {"id": key})
    assert core.result("articles.get", {"id": key})["status"] == "published"
    core.result("articles.update", {"id": key, "content": "Later"})
    assert core.result("articles.get", {"id": key})["version"] == 2
    core.result("articles.withdraw", {"id": key})
    assert core.result("articles.get", {"id": key})["status"] == "draft"
    assert core.result("article_categories.get", {"id": category["id"]})["articles"] == 1
    assert core("DELETE", f"/article-categories/{category['id']}").status_code == 422
    assert core("DELETE", f"/articles/{key}").status_code == 200
    assert core("DELETE", f"/article-categories/{category['id']}").status_code == 200


def test_an_article_is_published_at_once(core, alder):
    made = core.result("articles.create", {
        "companies_id": alder, "title": "Refunds", "content": "x", "status": "published"})
    assert (made["status"], made["categories_id"]) == ("published", None)
    assert made["published_dt"]


def test_articles_are_found_by_category_status_and_address(core, alder):
    category = make_category(alder)
    one, two = make_article(alder, "One", category_id=category), make_article(alder, "Two", status="draft")
    for params, keys in (
            ({"categories_id": [category]}, [one]), ({"status": "draft"}, [two]), ({"slug": "two"}, [two]),
            ({}, [one, two])):
        assert sorted(row["id"] for row in core.result("articles.search", params)) == keys


def test_the_texts_of_before_are_listed_and_brought_back(core, alder):
    key = make_article(alder, "First", "one")
    assert core.result("articles.versions", {"id": key}) == []
    change(key, title="Second", content="two")
    (old,) = core.result("articles.versions", {"id": key})
    assert {name: old[name] for name in ("version", "title", "content", "written_by")} == {
        "version": 1, "title": "First", "content": "one", "written_by": "tester"}
    assert core("GET", f"/articles/{key}/versions").json == [old]
    core.result("articles.restore_version", {"id": key, "version": 1})
    back = core.result("articles.get", {"id": key})
    assert (back["title"], back["content"], back["version"]) == ("First", "one", 3)
    again = core("POST", f"/articles/{key}/restore_version", json={"version": 1})
    assert again.status_code == 422
    for wrong, status in (({"version": 9}, 404), ({"version": "1"}, 400), ({}, 400), ({"version": 0}, 400),
                          ({"version": 1, "text": "x"}, 400), ({"version": 2**31}, 400)):
        assert core("POST", f"/articles/{key}/restore_version", json=wrong).status_code == status, wrong
    assert stored(key).text_number == 3


def test_a_megabyte_is_refused_with_the_limit(core, alder):
    reply = core("POST", "/articles", json={"companies_id": alder, "title": "Long", "content": "x" * 1_000_000})
    assert reply.status_code == 400
    assert "50000" in str(reply.json["error"]["data"]["content"])
