# SPDX-License-Identifier: BSD-3-Clause
"""Look at the pages of html.sh in a headless Chromium: html.py ONE.html LARGE.html."""
import re
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

checks = 0


def check(condition, *what):
    global checks
    checks += 1
    if not condition:
        raise AssertionError(what)


def browser(profile):
    options = Options()
    for argument in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--user-data-dir=" + profile, "--window-size=1400,2400",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = "/usr/bin/chromium"
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class Page:
    def __init__(self, driver, path):
        self.driver = driver
        driver.get("about:blank")
        driver.get("file://" + path)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).get_attribute("textContent")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def quiet(self):
        log = self.driver.get_log("browser")
        check(not log, "console", log)
        check(self.script("return performance.getEntriesByType('resource').length") == 0, "network")

    def open(self, name):
        link = next(a for a in self.all("#runs a") if a.get_attribute("textContent").endswith(name))
        link.click()

    def key(self, *keys):
        self.one("body").send_keys(*keys)

    def intervals(self):
        """IPA range -> (changed, RIPAS, HIPAS, level) of the chosen step."""
        rows = self.script(
            "return [...document.querySelectorAll('#intervals tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
        return {row[1]: (row[0] == "*", row[3], row[4], int(row[5])) for row in rows if len(row) == 6}

    def pixels(self, points):
        """Colours of a screenshot at (column, IPA): a little inside the range that begins there."""
        self.script("scrollTo(0, 0)")
        shot = self.driver.get_screenshot_as_base64()
        places = self.script(
            """const box = canvas.getBoundingClientRect(), count = Number(slider.max) + 1;
            return arguments[0].map(([column, ipa]) => {
                const label = [...document.querySelectorAll('#axis span')].find(l => Number(l.dataset.ipa) === ipa);
                return [box.left + (column + 0.5) * box.width / count, box.top + parseFloat(label.style.top) + 8];
            });""", points)
        return self.driver.execute_async_script(
            """const [shot, places, ratio, done] = [...arguments], image = new Image();
            image.onload = () => {
                const canvas = document.createElement('canvas'), paint = canvas.getContext('2d', {willReadFrequently: true});
                canvas.width = image.width;
                canvas.height = image.height;
                paint.drawImage(image, 0, 0);
                /* Patterns: what is meant is the mean of a few pixels. */
                done(places.map(([x, y]) => {
                    const data = paint.getImageData(x * ratio - 4, y * ratio - 4, 8, 8).data;
                    return [0, 1, 2].map(c => data.filter((v, i) => i % 4 === c).reduce((a, b) => a + b) / 64);
                }));
            };
            image.src = 'data:image/png;base64,' + shot;""", shot, places, self.script("return devicePixelRatio"))

    def color(self, name):
        text = self.script("return getComputedStyle(document.documentElement).getPropertyValue(arguments[0])", name).strip()
        return [int(text[i:i + 2], 16) for i in (1, 3, 5)]


def near(a, b, distance):
    return all(abs(x - y) <= distance for x, y in zip(a, b))


def hue(color):
    """Which of red, green and blue leads, if any does."""
    order = sorted(range(3), key=lambda i: color[i])
    return "grey" if color[order[2]] - color[order[1]] < 8 and color[order[2]] - color[order[0]] < 14 else "rgb"[order[2]]


def look_at_failure(page):
    # What did not pass stands first, whatever the order of the runs, and is open at its failing step.
    first = page.all("#runs a")[0]
    check("example.converted-too-early" in first.text and "failed" in first.text, first.text)
    check(page.text("#totals").startswith("9 runs"), page.text("#totals"))
    check("guest.set_ripas" in page.text("#steptitle") and page.one("#step").get_attribute("class") == "bad")
    check("outcome: expected ok" in page.text("#failuretext"))
    # The facts: the VMM's conversion destroyed one page of the 16 that the guest had written.
    after = page.intervals()
    check(after["0x80200000..0x80201000"] == (True, "DESTROYED", "UNASSIGNED", 3), after)
    check(after["0x80201000..0x80210000"][1:] == ("RAM", "ASSIGNED", 3), after)
    check("15 × 4K RAM ASSIGNED" in page.text("#tree"), page.text("#tree"))
    check(any("[no_progress]" in e.text for e in page.all("#events .fail")))
    books = page.text("#books")
    check("DATA1615" in books, books)

    # Column 5 is after guest.write, 6 the failing step; 1 MiB above nothing was ever touched.
    ram, destroyed, shared = page.color("--ram"), page.color("--destroyed"), page.color("--shared")
    seen = page.pixels([[5, 0x80200000], [6, 0x80200000], [6, 0x80201000], [6, 0x80000000], [6, 0], [6, 0x100000000], [0, 0]])
    check(near(seen[0], ram, 40), "RAM, assigned", seen[0], ram)
    check(near(seen[1], destroyed, 70) and hue(seen[1]) == "r", "DESTROYED", seen[1], destroyed)
    check(near(seen[2], ram, 40), "RAM, assigned", seen[2], ram)
    check(hue(seen[3]) == "g" and not near(seen[3], ram, 40), "RAM, unassigned: pale", seen[3])
    check(hue(seen[4]) == "grey", "EMPTY", seen[4])
    check(hue(seen[5]) == "b" and not near(seen[5], shared, 20), "shared, unassigned", seen[5])
    check(near(seen[6], page.color("--panel"), 8), "no Realm yet", seen[6])


def look_at_keys(page):
    slider = page.one("#slider")
    slider.send_keys(Keys.ARROW_LEFT)
    check("guest.write" in page.text("#steptitle"), page.text("#steptitle"))
    check("guest.write" in slider.get_attribute("aria-valuetext"))
    check("guest.write" in page.text("#status"))
    before = page.intervals()
    check(before["0x80200000..0x80210000"] == (True, "RAM", "ASSIGNED", 3), before)
    check("new" in page.text("#tree"), page.text("#tree"))
    page.script("document.activeElement.blur()")
    page.key("f")
    check("guest.set_ripas" in page.text("#steptitle"))
    page.key(Keys.HOME)
    check("at first" in page.text("#steptitle") and "no Realm" in page.text("#tree"))
    page.key(Keys.ARROW_RIGHT)
    check("vmm.create_realm" in page.text("#steptitle"))
    page.key(Keys.END)
    check("the end" in page.text("#steptitle"))
    page.one("#previous").click()
    check("guest.set_ripas" in page.text("#steptitle"))
    next(b for b in page.all("#steplist button") if "vmm.init_ripas" in b.text).click()
    check(page.intervals()["0x80000000..0x81000000"] == (True, "RAM", "UNASSIGNED", 2), page.intervals())
    check(any("RTT_INIT_RIPAS" in e.text for e in page.all("#events li")))
    check(page.one("#steplist [aria-current=step]").text.endswith("size=16M"))
    # By keyboard alone: focus stays where it was, lists that scroll can be reached.
    button = next(b for b in page.all("#steplist button") if "vmm.activate" in b.text)
    button.send_keys(Keys.ENTER)
    check("vmm.activate" in page.text("#steptitle"))
    check("vmm.activate" in page.script("return document.activeElement.textContent"), "focus left the list of steps")
    page.script("document.activeElement.blur()")
    page.key(Keys.END)
    seen = set()
    for _ in range(200):
        page.script("return document.activeElement").send_keys(Keys.TAB)
        seen.add(page.script("return document.activeElement.id || document.activeElement.className"))
    check({"slider", "range", "events", "scroll", "tree", "failuretext", "next"} <= seen, "not reached by Tab", seen)
    # A click on the map chooses the step below it.
    canvas = page.one("#canvas")
    webdriver.ActionChains(page.driver).move_to_element_with_offset(canvas, 10 - canvas.size["width"] // 2, 0).click().perform()
    check("at first" in page.text("#steptitle"))


def look_at_names(page):
    # Everything that can be used has a name and a role that a screen reader can say.
    for e in page.all("button, input, select, canvas[role], nav, main, details > summary, a"):
        if e.is_displayed():
            check(e.accessible_name or e.aria_role in ("main", "generic"), "no name", e.get_attribute("outerHTML")[:200])
    check(page.one("#slider").aria_role == "slider")
    check(page.one("#canvas").aria_role in ("img", "image"))
    check(page.one("#status").get_attribute("aria-live") == "polite")
    check(page.script("return document.documentElement.lang") == "en")
    ids = page.script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    check(len(ids) == len(set(ids)), "ids")
    references = page.script("return [...document.querySelectorAll('[aria-labelledby]')].map(e => e.getAttribute('aria-labelledby'))")
    check(set(references) <= set(ids), references)


def look_at_nasty(page):
    names = [a.get_attribute("textContent") for a in page.all("#runs a")]
    wanted = "</script><script>document.title = 'broken out'</script>"
    check(sum(name.endswith("nasty[v=" + wanted + "]") for name in names) == 1, names)
    check(sum("日本語 ]]>" in name for name in names) == 1, names)
    page.open("nasty[v=" + wanted + "]")
    check(wanted in page.text("#steptitle"), page.text("#steptitle"))
    check("</p><script>" in page.text("#runabout"))
    check(page.driver.title.startswith("failed: nasty"), page.driver.title)


def look_at_realms(page):
    # It opens with the realm that the failing step is about, which is not the first.
    page.open("two-realms")
    check(page.script("return realm.selectedOptions[0].text") == "right")
    check("realm=right" in page.text("#steptitle"), page.text("#steptitle"))
    check(page.intervals()["0x80000000..0x80800000"][1] == "RAM", page.intervals())
    link = next(a for a in page.all("#runs a") if "converted-too-early" in a.text)
    link.send_keys(Keys.ENTER)
    check("converted-too-early" in page.script("return document.activeElement.textContent"), "focus left the list of runs")


def look_at_filter(page):
    box = page.one("#filter")
    box.send_keys("guest-gives")
    check(len(page.all("#runs a")) == 3)
    page.one("#onlybad").click()
    check(len(page.all("#runs a")) == 0 and page.text("#runsmore") == "none")
    page.one("#onlybad").click()
    box.clear()
    box.send_keys("64K")
    page.all("#runs a")[0].click()
    check("passed" in page.text("#runstatus") and page.one("#tofailure").is_displayed() is False)
    box.clear()
    box.send_keys(" ", Keys.BACKSPACE)


def look_at_dark(page):
    page.open("example.converted-too-early")
    light = page.script("return getComputedStyle(document.body).backgroundColor")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    time.sleep(0.2)
    dark = page.script("return getComputedStyle(document.body).backgroundColor")
    check(light != dark and max(map(int, re.findall(r"\d+", dark)[:3])) < 60, light, dark)
    seen = page.pixels([[5, 0x80200000], [0, 0]])
    check(near(seen[0], page.color("--ram"), 45), "RAM in the dark", seen[0])
    check(near(seen[1], page.color("--panel"), 8), "the map is dark", seen[1])
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def look_at_large(driver, path):
    started = time.monotonic()
    page = Page(driver, path)
    check(page.one("#step").is_displayed())
    # 400 rounds of three steps, five before, one at each end.
    check(page.script("return Number(slider.max)") == 1206, page.script("return slider.max"))
    # An even number of rounds gave all 32 KiB back; what was written at first stays.
    page.key(Keys.END)
    page.one("#previous").click()
    state = page.intervals()
    check(state["0x80000000..0x81000000"][1:3] == ("RAM", "ASSIGNED"), state)
    check("0x90000000..0x90008000" not in state or state["0x90000000..0x90008000"][2] == "UNASSIGNED", state)
    page.script("slider.value = 5; slider.oninput({target: slider})")
    text = page.text("#events")
    # A table of 2 MiB has 512 pages, and each page of it needed a call.
    check("512 times" in text and "ipa=0x80200000..0x803ff000(+0x1000) -> SUCCESS" in text, text[:300])
    check(len(page.all("#events li")) <= 402, "lines")
    check(len(page.all("#steplist button")) <= 200, "steps in the list")
    page.quiet()
    # A page that rebuilt everything at each step would need many minutes, on any machine.
    check(time.monotonic() - started < 300, "slow")


def main(one, large):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = browser(profile)
        driver.set_script_timeout(300)
        try:
            page = Page(driver, one)
            look_at_failure(page)
            look_at_keys(page)
            look_at_names(page)
            look_at_nasty(page)
            look_at_realms(page)
            look_at_filter(page)
            look_at_dark(page)
            page.quiet()
            look_at_large(driver, large)
        finally:
            driver.quit()
    print(f"{checks} checks: all as it should be")


main(*sys.argv[1:])
