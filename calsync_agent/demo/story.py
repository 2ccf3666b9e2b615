"""The story that the demo tells: an office in Graz, and what its people do in a few weeks.

First everybody has entered appointments, here or there or on both sides by hand. Then, after the
first sync, they go on working. Whoever wants the demo to show more adds a line here.
"""

from datetime import date, time, timedelta
from typing import Final

from calsync_agent.demo.entries import (
    Day,
    DayCancelled,
    DayMoved,
    Deleted,
    Draft,
    Edit,
    Employee,
    Entry,
    MadePrivate,
    Moved,
    Relocated,
    Renamed,
    Series,
    When,
    Where,
    at,
    days,
    entered,
    new,
)
from calsync_agent.demo.holidays import holidays

DOMAIN: Final = "alpenblick.example"

ANNA: Final = Employee("AB", "Anna Berger", "anna.berger")
BERND: Final = Employee("BH", "Bernd Höller", "bernd.hoeller")
CLARA: Final = Employee("CN", "Clara Novak", "clara.novak")
STAFF: Final = (ANNA, BERND, CLARA)

MON, TUE, WED, THU, FRI = Day
CONSOLIDATE, OUTLOOK, BOTH = Where.CONSOLIDATE, Where.OUTLOOK, Where.BOTH
LONDON, ZURICH = "Europe/London", "Europe/Zurich"
CHICAGO, COPENHAGEN = "America/Chicago", "Europe/Copenhagen"

WHERE_WE_MEET: Final = "Sitzungszimmer"

TUESDAYS: Final = Series("FREQ=WEEKLY;BYDAY=TU", "weekly", "tuesday")
THURSDAYS: Final = Series("FREQ=WEEKLY;BYDAY=TH", "weekly", "thursday")
LAST_FRIDAY: Final = Series("FREQ=MONTHLY;BYDAY=-1FR", "relativeMonthly", "friday", "last")
YEARLY: Final = Series("FREQ=YEARLY", "absoluteYearly")

ENTRIES: Final = (
    # Anna runs the office.
    *entered(
        ANNA,
        BOTH,
        Draft(
            "Großküchen Lehner",
            at(1, TUE, "13:30", 90),
            importance="high",
            also="GROSSKÜCHEN Lehner",
        ),
        Draft("Jour fixe Leitung", at(0, MON, "09:00"), WHERE_WE_MEET, also="Jourfixe Leitung"),
        Draft("Bilanz mit Dr. Köck", at(1, WED, "10:00", 120), also="BILANZ mit Dr. Köck"),
        Draft(
            "Klausur Leitung", days(3, THU, 2), "Bad Aussee", show_as="oof", also="klausur leitung"
        ),
    ),
    *entered(
        ANNA,
        CONSOLIDATE,
        Draft(
            "Angebot Fam. Gruber",
            at(0, TUE, "10:00"),
            body="Wärmepumpe, 12 kW\nFörderung ansprechen!",
        ),
        Draft("Termin Raiffeisenbank", at(0, THU, "14:00", 90), importance="high", reminder=60),
        Draft("Mitarbeitergespräch", at(1, THU, "09:00"), private=True),
        Draft("Lieferant in Chicago", at(1, WED, "08:30", 45, CHICAGO), "Telefon", reminder=15),
        Draft("USt-Voranmeldung", days(2, MON), show_as="free", reminder=1440),
        Draft("Quartalsabschluss", at(-3, FRI, "11:00", 90)),
        Draft("20 Jahre Firma 🎉", at(6, FRI, "17:00", 300), "Schloßberg, Graz"),
        Draft("Kälteprofi Zürich", at(2, WED, "11:00", 60, ZURICH), show_as="tentative"),
        Draft("Notarin Dr. Öhlinger", at(0, FRI, "08:30", 45), "Herrengasse 7"),
        Draft("Lagerrunde", at(0, TUE, "15:00", 30), WHERE_WE_MEET, series=TUESDAYS),
    ),
    *entered(
        ANNA,
        OUTLOOK,
        Draft("Zahnarzt", at(0, THU, "07:30", 45), private=True, show_as="oof", reminder=120),
        Draft("Schnuppertag Lehrling", days(1, FRI)),
        Draft(
            "Mittagessen Rotary", at(0, TUE, "12:00", 90), "Gasthof zur Post", show_as="tentative"
        ),
        Draft("Urlaub Kärnten", days(4, MON, 5), "Weißensee", show_as="oof"),
        Draft("Elternabend", at(1, WED, "18:30", 90), private=True),
        Draft("Interview Krone", at(2, THU, "15:00"), reminder=30),
        Draft("Energiesparmesse Wels", days(8, WED, 3), "Messe Wels", show_as="workingElsewhere"),
        Draft("Pickerl (§ 57a)", at(2, FRI, "08:00", 30), importance="low", show_as="free"),
        Draft("Treffen in Heathrow", at(2, TUE, "10:00", 120, LONDON), "Terminal 2"),
    ),
    # Bernd sells.
    *entered(
        BERND,
        BOTH,
        Draft("Rahmenvertrag Straßer", at(2, THU, "09:30"), also="RAHMENVERTRAG STRASSER"),
        Draft("Vertriebsrunde", at(0, MON, "13:00"), WHERE_WE_MEET, also="VERTRIEBSRUNDE"),
        Draft("Bäckerei Pölzl", at(0, WED, "09:00"), "Feldbach", also="BÄCKEREI PÖLZL"),
        Draft("Hotel Schwarzer Adler", at(1, TUE, "10:00", 120), also="Hotel schwarzer Adler"),
    ),
    *entered(
        BERND,
        CONSOLIDATE,
        Draft("Kundenbesuch Fa. Weiß", at(0, TUE, "08:00", 90), "Weiz"),
        Draft("Nachfassen Angebot 2417", at(0, THU, "11:00", 30), importance="low"),
        Draft("Hausmesse vorbereiten", at(1, MON, "08:30", 180)),
        Draft("Schulung Kältetechnik", days(2, TUE, 2), "Linz", show_as="oof"),
        Draft("Reklamation Steiner", at(0, FRI, "13:00", 45), importance="high", reminder=30),
        Draft("Händlertag Innsbruck", at(3, WED, "07:00", 600), "Innsbruck", show_as="oof"),
        Draft("Hotel Post", at(1, FRI, "09:00", 90), "Leoben", reminder=15),
        Draft("Preisliste prüfen", at(-2, WED, "15:00"), show_as="free"),
        Draft("Gehaltsgespräch", at(2, MON, "16:00", 45), private=True),
        Draft("Provisionsabrechnung", days(5, FRI), show_as="free"),
    ),
    *entered(
        BERND,
        OUTLOOK,
        Draft("Probefahrt E-Bus", at(1, WED, "16:00"), "Autohaus Jandl"),
        Draft("Blut spenden", at(0, TUE, "17:00"), "Rotes Kreuz", show_as="free"),
        Draft("Fußball", at(1, THU, "18:00", 120), private=True, show_as="free"),
        Draft("Friseur", at(0, WED, "17:30", 30), private=True),
        Draft("Webinar Förderungen", at(2, WED, "10:00"), body="Zugang kommt per Post."),
        Draft("Pflegeurlaub", days(-1, TUE, 2), show_as="oof"),
        Draft("Kaffee mit Frau Jäger", at(1, MON, "15:00", 30), "Café Sorger", show_as="tentative"),
        Draft("Reifen wechseln", at(3, FRI, "07:30", 30), importance="low"),
        Draft("Homeoffice", days(1, FRI), show_as="workingElsewhere"),
        Draft("Hotline", at(0, THU, "08:00", 30), series=THURSDAYS),
        Draft("Telefonat København", at(2, FRI, "09:00", 30, COPENHAGEN), reminder=5),
    ),
    # Clara builds.
    *entered(
        CLARA,
        BOTH,
        Draft("Begehung St. Pölten", at(2, WED, "13:00", 120), also="Begehung St.Pölten"),
        Draft("Baubesprechung Süd", at(0, TUE, "07:30"), "Baubüro Süd", also="BAUBESPRECHUNG Süd"),
        Draft("Übergabe Fam. Maier", at(1, THU, "14:00", 90), also="übergabe Fam. Maier"),
        Draft("Inventur", days(5, MON, 2), also="INVENTUR"),
    ),
    *entered(
        CLARA,
        CONSOLIDATE,
        Draft("Montage Klinik Süd", days(1, MON, 4)),
        Draft("Abnahme Volksschule", at(0, WED, "08:00", 120), "Gleisdorf", importance="high"),
        Draft("Subunternehmer Kovács", at(0, THU, "09:00"), body="Stundensätze ab Jänner"),
        Draft("Planungsrunde", at(1, TUE, "09:00", 120), WHERE_WE_MEET),
        Draft("Druckprobe Fernwärme", at(2, MON, "06:30", 90), reminder=720),
        Draft("Leistungsverzeichnis", at(0, FRI, "10:00", 120), show_as="free"),
        Draft("Verhandlung Gösting", at(3, TUE, "10:00"), "Magistrat Graz"),
        Draft("Brandschutzübung", at(-4, MON, "07:00")),
        Draft("Vertretung Lager", days(2, THU)),
        Draft("Geburtstag Ing. Lang", days(1, WED), show_as="free", series=YEARLY),
    ),
    *entered(
        CLARA,
        OUTLOOK,
        Draft("Ordination Dr. Šimić", at(0, MON, "16:30", 30), private=True),
        Draft("Kindergarten", at(0, WED, "15:30", 30), private=True, show_as="oof"),
        Draft("Yoga", at(1, TUE, "18:00"), show_as="free"),
        Draft("Zeitausgleich", days(2, FRI), show_as="oof"),
        Draft("Übersiedlung Lager", days(6, WED, 3)),
        Draft("Baufotos sichern", at(0, THU, "16:00", 30), importance="low"),
        Draft("Architekt Wörle", at(1, WED, "11:00", 30), "Telefon"),
        Draft("Besichtigung Hartberg", at(1, FRI, "13:00"), "Hartberg"),
        Draft("Lehrabschlussprüfung", at(4, TUE, "08:00", 240), importance="high"),
    ),
)

EDITS: Final = (
    Edit(ANNA, OUTLOOK, "Termin Raiffeisenbank", Moved(at(1, MON, "11:00", 90))),
    Edit(ANNA, CONSOLIDATE, "Interview Krone", Renamed("Interview ORF")),
    Edit(ANNA, OUTLOOK, "Notarin Dr. Öhlinger", MadePrivate()),
    new(ANNA, OUTLOOK, Draft("Physiotherapie", at(1, THU, "17:00", 45), private=True)),
    Edit(BERND, CONSOLIDATE, "Probefahrt E-Bus", Moved(at(1, THU, "16:30"))),
    Edit(BERND, OUTLOOK, "Kundenbesuch Fa. Weiß", Relocated("Gleisdorf")),
    Edit(BERND, OUTLOOK, "Nachfassen Angebot 2417", Deleted()),
    new(BERND, CONSOLIDATE, Draft("Messestand Wels", days(8, TUE, 4), "Messe Wels", show_as="oof")),
    Edit(CLARA, OUTLOOK, "Planungsrunde", Renamed("Planungsrunde Elektro")),
    Edit(CLARA, CONSOLIDATE, "Architekt Wörle", Relocated("Baubüro Süd")),
    Edit(CLARA, CONSOLIDATE, "Yoga", Deleted()),
    new(CLARA, OUTLOOK, Draft("Wasserschaden Müllner", at(0, FRI, "14:00"), importance="high")),
    # Days of series: moved and cancelled, on either side.
    Edit(
        ANNA,
        OUTLOOK,
        "Lagerrunde",
        DayMoved(at(1, TUE, "15:00", 30), at(1, WED, "16:00", 30)),
    ),
    Edit(ANNA, OUTLOOK, "Lagerrunde", DayCancelled(at(3, TUE, "15:00", 30))),
    Edit(
        BERND,
        CONSOLIDATE,
        "Hotline",
        DayMoved(at(2, THU, "08:00", 30), at(2, FRI, "08:30", 30)),
    ),
    Edit(BERND, CONSOLIDATE, "Hotline", DayCancelled(at(1, THU, "08:00", 30))),
    # Changed on both sides between two syncs: a conflict, and Consolidate has priority.
    Edit(CLARA, CONSOLIDATE, "Hotel Post", Moved(at(1, FRI, "10:30", 90))),
    Edit(BERND, OUTLOOK, "Hotel Post", Moved(at(1, FRI, "14:00", 90))),
)


def last_fridays(monday: date) -> tuple[Entry, ...]:
    """A series that begins on the first last Friday of a month that is still to come."""
    fridays = (monday + timedelta(7 * week + FRI) for week in range(6))
    first = next(friday for friday in fridays if (friday + timedelta(7)).month != friday.month)
    when = When((first - monday).days, time(19), timedelta(hours=2))
    draft = Draft("Stammtisch", when, "Gösser Bräu", series=LAST_FRIDAY)
    return entered(BERND, OUTLOOK, draft)


def public_holidays(monday: date, year: int) -> tuple[Entry, ...]:
    """The year's holidays, as Anna has added them to her calendar in Outlook."""
    drafts = (
        Draft(
            name,
            When((day - monday).days, None, timedelta(1)),
            "Österreich",
            show_as="free",
            category="Feiertag",
        )
        for day, name in holidays(year)
    )
    return entered(ANNA, OUTLOOK, *drafts)
