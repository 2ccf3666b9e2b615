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
    DemoEntry,
    Edit,
    Employee,
    EntryDraft,
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
        EntryDraft(
            "Großküchen Lehner",
            at(1, TUE, "13:30", 90),
            importance="high",
            also="GROSSKÜCHEN Lehner",
        ),
        EntryDraft(
            "Jour fixe Leitung", at(0, MON, "09:00"), WHERE_WE_MEET, also="Jourfixe Leitung"
        ),
        EntryDraft("Bilanz mit Dr. Köck", at(1, WED, "10:00", 120), also="BILANZ mit Dr. Köck"),
        EntryDraft(
            "Klausur Leitung", days(3, THU, 2), "Bad Aussee", show_as="oof", also="klausur leitung"
        ),
    ),
    *entered(
        ANNA,
        CONSOLIDATE,
        EntryDraft(
            "Angebot Fam. Gruber",
            at(0, TUE, "10:00"),
            body="Wärmepumpe, 12 kW\nFörderung ansprechen!",
        ),
        EntryDraft(
            "Termin Raiffeisenbank", at(0, THU, "14:00", 90), importance="high", reminder=60
        ),
        EntryDraft("Mitarbeitergespräch", at(1, THU, "09:00"), private=True),
        EntryDraft(
            "Lieferant in Chicago", at(1, WED, "08:30", 45, CHICAGO), "Telefon", reminder=15
        ),
        EntryDraft("USt-Voranmeldung", days(2, MON), show_as="free", reminder=1440),
        EntryDraft("Quartalsabschluss", at(-3, FRI, "11:00", 90)),
        EntryDraft("20 Jahre Firma 🎉", at(6, FRI, "17:00", 300), "Schloßberg, Graz"),
        EntryDraft("Kälteprofi Zürich", at(2, WED, "11:00", 60, ZURICH), show_as="tentative"),
        EntryDraft("Notarin Dr. Öhlinger", at(0, FRI, "08:30", 45), "Herrengasse 7"),
        EntryDraft("Lagerrunde", at(0, TUE, "15:00", 30), WHERE_WE_MEET, series=TUESDAYS),
    ),
    *entered(
        ANNA,
        OUTLOOK,
        EntryDraft("Zahnarzt", at(0, THU, "07:30", 45), private=True, show_as="oof", reminder=120),
        EntryDraft("Schnuppertag Lehrling", days(1, FRI)),
        EntryDraft(
            "Mittagessen Rotary", at(0, TUE, "12:00", 90), "Gasthof zur Post", show_as="tentative"
        ),
        EntryDraft("Urlaub Kärnten", days(4, MON, 5), "Weißensee", show_as="oof"),
        EntryDraft("Elternabend", at(1, WED, "18:30", 90), private=True),
        EntryDraft("Interview Krone", at(2, THU, "15:00"), reminder=30),
        EntryDraft(
            "Energiesparmesse Wels", days(8, WED, 3), "Messe Wels", show_as="workingElsewhere"
        ),
        EntryDraft("Pickerl (§ 57a)", at(2, FRI, "08:00", 30), importance="low", show_as="free"),
        EntryDraft("Treffen in Heathrow", at(2, TUE, "10:00", 120, LONDON), "Terminal 2"),
    ),
    # Bernd sells.
    *entered(
        BERND,
        BOTH,
        EntryDraft("Rahmenvertrag Straßer", at(2, THU, "09:30"), also="RAHMENVERTRAG STRASSER"),
        EntryDraft("Vertriebsrunde", at(0, MON, "13:00"), WHERE_WE_MEET, also="VERTRIEBSRUNDE"),
        EntryDraft("Bäckerei Pölzl", at(0, WED, "09:00"), "Feldbach", also="BÄCKEREI PÖLZL"),
        EntryDraft("Hotel Schwarzer Adler", at(1, TUE, "10:00", 120), also="Hotel schwarzer Adler"),
    ),
    *entered(
        BERND,
        CONSOLIDATE,
        EntryDraft("Kundenbesuch Fa. Weiß", at(0, TUE, "08:00", 90), "Weiz"),
        EntryDraft("Nachfassen Angebot 2417", at(0, THU, "11:00", 30), importance="low"),
        EntryDraft("Hausmesse vorbereiten", at(1, MON, "08:30", 180)),
        EntryDraft("Schulung Kältetechnik", days(2, TUE, 2), "Linz", show_as="oof"),
        EntryDraft("Reklamation Steiner", at(0, FRI, "13:00", 45), importance="high", reminder=30),
        EntryDraft("Händlertag Innsbruck", at(3, WED, "07:00", 600), "Innsbruck", show_as="oof"),
        EntryDraft("Hotel Post", at(1, FRI, "09:00", 90), "Leoben", reminder=15),
        EntryDraft("Preisliste prüfen", at(-2, WED, "15:00"), show_as="free"),
        EntryDraft("Gehaltsgespräch", at(2, MON, "16:00", 45), private=True),
        EntryDraft("Provisionsabrechnung", days(5, FRI), show_as="free"),
    ),
    *entered(
        BERND,
        OUTLOOK,
        EntryDraft("Probefahrt E-Bus", at(1, WED, "16:00"), "Autohaus Jandl"),
        EntryDraft("Blut spenden", at(0, TUE, "17:00"), "Rotes Kreuz", show_as="free"),
        EntryDraft("Fußball", at(1, THU, "18:00", 120), private=True, show_as="free"),
        EntryDraft("Friseur", at(0, WED, "17:30", 30), private=True),
        EntryDraft("Webinar Förderungen", at(2, WED, "10:00"), body="Zugang kommt per Post."),
        EntryDraft("Pflegeurlaub", days(-1, TUE, 2), show_as="oof"),
        EntryDraft(
            "Kaffee mit Frau Jäger", at(1, MON, "15:00", 30), "Café Sorger", show_as="tentative"
        ),
        EntryDraft("Reifen wechseln", at(3, FRI, "07:30", 30), importance="low"),
        EntryDraft("Homeoffice", days(1, FRI), show_as="workingElsewhere"),
        EntryDraft("Hotline", at(0, THU, "08:00", 30), series=THURSDAYS),
        EntryDraft("Telefonat København", at(2, FRI, "09:00", 30, COPENHAGEN), reminder=5),
    ),
    # Clara builds.
    *entered(
        CLARA,
        BOTH,
        EntryDraft("Begehung St. Pölten", at(2, WED, "13:00", 120), also="Begehung St.Pölten"),
        EntryDraft(
            "Baubesprechung Süd", at(0, TUE, "07:30"), "Baubüro Süd", also="BAUBESPRECHUNG Süd"
        ),
        EntryDraft("Übergabe Fam. Maier", at(1, THU, "14:00", 90), also="übergabe Fam. Maier"),
        EntryDraft("Inventur", days(5, MON, 2), also="INVENTUR"),
    ),
    *entered(
        CLARA,
        CONSOLIDATE,
        EntryDraft("Montage Klinik Süd", days(1, MON, 4)),
        EntryDraft("Abnahme Volksschule", at(0, WED, "08:00", 120), "Gleisdorf", importance="high"),
        EntryDraft("Subunternehmer Kovács", at(0, THU, "09:00"), body="Stundensätze ab Jänner"),
        EntryDraft("Planungsrunde", at(1, TUE, "09:00", 120), WHERE_WE_MEET),
        EntryDraft("Druckprobe Fernwärme", at(2, MON, "06:30", 90), reminder=720),
        EntryDraft("Leistungsverzeichnis", at(0, FRI, "10:00", 120), show_as="free"),
        EntryDraft("Verhandlung Gösting", at(3, TUE, "10:00"), "Magistrat Graz"),
        EntryDraft("Brandschutzübung", at(-4, MON, "07:00")),
        EntryDraft("Vertretung Lager", days(2, THU)),
        EntryDraft("Geburtstag Ing. Lang", days(1, WED), show_as="free", series=YEARLY),
    ),
    *entered(
        CLARA,
        OUTLOOK,
        EntryDraft("Ordination Dr. Šimić", at(0, MON, "16:30", 30), private=True),
        EntryDraft("Kindergarten", at(0, WED, "15:30", 30), private=True, show_as="oof"),
        EntryDraft("Yoga", at(1, TUE, "18:00"), show_as="free"),
        EntryDraft("Zeitausgleich", days(2, FRI), show_as="oof"),
        EntryDraft("Übersiedlung Lager", days(6, WED, 3)),
        EntryDraft("Baufotos sichern", at(0, THU, "16:00", 30), importance="low"),
        EntryDraft("Architekt Wörle", at(1, WED, "11:00", 30), "Telefon"),
        EntryDraft("Besichtigung Hartberg", at(1, FRI, "13:00"), "Hartberg"),
        EntryDraft("Lehrabschlussprüfung", at(4, TUE, "08:00", 240), importance="high"),
    ),
)

EDITS: Final = (
    Edit(ANNA, OUTLOOK, "Termin Raiffeisenbank", Moved(at(1, MON, "11:00", 90))),
    Edit(ANNA, CONSOLIDATE, "Interview Krone", Renamed("Interview ORF")),
    Edit(ANNA, OUTLOOK, "Notarin Dr. Öhlinger", MadePrivate()),
    new(ANNA, OUTLOOK, EntryDraft("Physiotherapie", at(1, THU, "17:00", 45), private=True)),
    Edit(BERND, CONSOLIDATE, "Probefahrt E-Bus", Moved(at(1, THU, "16:30"))),
    Edit(BERND, OUTLOOK, "Kundenbesuch Fa. Weiß", Relocated("Gleisdorf")),
    Edit(BERND, OUTLOOK, "Nachfassen Angebot 2417", Deleted()),
    new(
        BERND,
        CONSOLIDATE,
        EntryDraft("Messestand Wels", days(8, TUE, 4), "Messe Wels", show_as="oof"),
    ),
    Edit(CLARA, OUTLOOK, "Planungsrunde", Renamed("Planungsrunde Elektro")),
    Edit(CLARA, CONSOLIDATE, "Architekt Wörle", Relocated("Baubüro Süd")),
    Edit(CLARA, CONSOLIDATE, "Yoga", Deleted()),
    new(
        CLARA, OUTLOOK, EntryDraft("Wasserschaden Müllner", at(0, FRI, "14:00"), importance="high")
    ),
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


def last_fridays(monday: date) -> tuple[DemoEntry, ...]:
    """A series that begins on the first last Friday of a month that is still to come."""
    fridays = (monday + timedelta(7 * week + FRI) for week in range(6))
    first = next(friday for friday in fridays if (friday + timedelta(7)).month != friday.month)
    when = When((first - monday).days, time(19), timedelta(hours=2))
    draft = EntryDraft("Stammtisch", when, "Gösser Bräu", series=LAST_FRIDAY)
    return entered(BERND, OUTLOOK, draft)


def public_holidays(monday: date, year: int) -> tuple[DemoEntry, ...]:
    """The year's holidays, as Anna has added them to her calendar in Outlook."""
    drafts = (
        EntryDraft(
            name,
            When((day - monday).days, None, timedelta(1)),
            "Österreich",
            show_as="free",
            category="Feiertag",
        )
        for day, name in holidays(year)
    )
    return entered(ANNA, OUTLOOK, *drafts)
