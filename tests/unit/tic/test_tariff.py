"""Contracts and periods: firmware/tic/tariff.py, and what it remembers: learnt.py."""

from meters import ENOUGH, HISTORIQUE, INDUSTRIAL, STANDARD, TEMPO, THREE, Flash, Line

PROFILE = "00008002 0200C001 08008002" + 8 * " NONUTILE"


def periods(meter):
    return list(meter.periods())


def test_contracts_of_historique():
    for option, groups, key, name in (
        ("BASE", THREE, "base", "BASE"),
        ("HC..", HISTORIQUE, "hchp", "HC"),
        ("BBR(", TEMPO, "tempo", "BBR("),
        ("BBR?", TEMPO, "tempo", "BBR?"),
        ("EJP.", HISTORIQUE, "ejp", "EJP"),
        ("XYZ.", HISTORIQUE, "other", "XYZ"),
    ):
        meter = Line(groups).say(OPTARIF=option, times=4)
        assert (meter.contract, meter.contract_name) == (key, name), option


def test_contracts_of_standard():
    for text, key, name in (
        ("      BASE      ", "base", "BASE"),
        ("  H PLEINE/CREUSE", "hchp", "H PLEINE/CREUSE"),
        ("     TEMP0      ", "tempo", "TEMP0"),
        ("   EJP          ", "ejp", "EJP"),
        (" HC et Week-End ", "other", "HC et Week-End"),
        ("   PRODUCTEUR   ", "other", "PRODUCTEUR"),
    ):
        meter = Line(STANDARD).say(NGTF=text[-16:], times=4)
        assert (meter.contract, meter.contract_name) == (key, name), text


def test_colours_tell_tempo_under_any_name():
    meter = Line(STANDARD).say(NGTF="  OFFRE 6 COUL. ", STGE="0D3A8401", times=4)
    assert (meter.contract, meter.contract_name) == ("tempo", "OFFRE 6 COUL.")
    assert (meter.colour, meter.tomorrow) == ("blue", "red")


def test_periods_of_historique():
    meter = Line(HISTORIQUE).meter
    assert periods(meter) == [("hc", "HC", 6906827), ("hp", "HP", 7617934)]
    assert (meter.period, meter.period_name, meter.withdrawn_wh) == ("hp", "HP", 14524761)
    assert meter.colour is None and meter.tomorrow is None
    meter = Line(THREE).meter
    assert periods(meter) == [("base", "BASE", 10151184)]
    assert (meter.period, meter.period_name, meter.withdrawn_wh) == ("base", "BASE", 10151184)


def test_a_total_waits_for_every_index():
    # A gateway that starts in the middle of a frame knows one index of two.
    part = Line((("ADCO", "021862120162"), ("HCHP", "007617934"), ("PTEC", "HP.."),
                 ("IINST", "005")))
    assert part.meter.withdrawn_wh is None
    meter = Line(HISTORIQUE, same=part).meter
    assert meter.withdrawn_wh == 14524761
    line = Line(tuple(said for said in TEMPO if said[0] != "BBRHPJR"))
    assert len(periods(line.meter)) == 5 and line.meter.withdrawn_wh is None
    assert line.say(BBRHPJR="000060000").withdrawn_wh == 3810000


def test_tempo_in_historique():
    line = Line(TEMPO)
    meter = line.meter
    assert [key for key, _, _ in periods(meter)] == [
        "hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr"]
    assert (meter.period, meter.colour, meter.tomorrow) == ("hpjw", "white", None)
    for word, colour in (("BLEU", "blue"), ("BLAN", "white"), ("ROUG", "red"), ("----", None)):
        assert line.say(DEMAIN=word, times=2).tomorrow == colour
    assert line.say(PTEC="HCJR", times=2).colour == "red"


def test_mobile_peaks_in_historique():
    ejp = (("ADCO", "021862120162"), ("OPTARIF", "EJP."), ("ISOUSC", "45"),
           ("EJPHN", "055894243"), ("EJPHPM", "001037378"), ("PTEC", "HN.."), ("IINST", "001"))
    line = Line(ejp)
    meter = line.meter
    assert periods(meter) == [("hn", "HN", 55894243), ("pm", "PM", 1037378)]
    assert meter.peak_notice is None and meter.peak is None
    assert line.say(PEJP="30").peak_notice == 1
    meter = line.say(PTEC="PM..", times=2)
    assert (meter.peak, meter.period) == (1, "pm")


def test_indexes_in_use():
    line = Line(STANDARD)
    assert [(key, wh) for key, _, wh in periods(line.meter)] == [("1", 2296119), ("2", 1674907)]
    # The current one counts, even when it has counted nothing yet.
    line.say(NTARF="10", LTARF="  POINTE MOBILE ", times=2)
    assert [key for key, _, _ in periods(line.meter)] == ["1", "2", "10"]
    assert line.meter.withdrawn_wh == 3971026


def test_names_are_learnt_and_kept():
    flash = Flash()
    line = Line(STANDARD, flash)
    assert periods(line.meter)[1] == ("2", "HEURE PLEINE", 1674907)  # the current one
    line.say(times=ENOUGH)
    meter = line.say(NTARF="01", LTARF=" HEURE  CREUSE  ", times=ENOUGH)
    assert [name for _, name, _ in periods(meter)] == ["HEURE CREUSE", "HEURE PLEINE"]
    writes = flash.writes
    assert 1 <= writes <= 3
    # The same words with other spaces are no news.
    line.say(LTARF="  HEURE CREUSE  ", times=ENOUGH)
    assert line.meter.period_name == "HEURE CREUSE" and flash.writes == writes
    again = Line(STANDARD, flash)
    assert [name for _, name, _ in periods(again.meter)] == ["HEURE CREUSE", "HEURE PLEINE"]


def test_a_frame_with_the_new_number_and_the_old_name_teaches_nothing():
    flash = Flash()
    line = Line(STANDARD, flash)
    line.say(times=ENOUGH)
    for number, name in (("01", " HEURE  CREUSE  "), ("02", " HEURE  PLEINE  ")) * 8:
        line.say(NTARF=number)  # the name is that of the frame before
        meter = line.say(LTARF=name)
        known = meter.learnt.known
        assert known.get("1") in (None, "HEURE CREUSE") and known["2"] == "HEURE PLEINE"
        line.say(times=5)
        assert meter.period_name == (("HEURE CREUSE", "HEURE PLEINE")[int(number) - 1])


def test_a_known_name_stands_above_the_label_of_a_mixed_frame():
    line = Line(STANDARD)
    line.say(times=ENOUGH)
    line.say(NTARF="01", LTARF=" HEURE  CREUSE  ", times=ENOUGH)
    assert line.say(NTARF="02").period_name == "HEURE PLEINE"


def test_another_contract_has_other_names():
    flash = Flash()
    line = Line(STANDARD, flash)
    line.say(times=ENOUGH)
    line.say(NGTF="     TEMPO      ", NTARF="03", LTARF="   HC  BLANC    ", times=ENOUGH + 4)
    assert line.meter.learnt.known == {"3": "HC BLANC"}
    # Under Tempo the order of the indexes is known before they are heard.
    assert [name for _, name, _ in periods(line.meter)] == ["HCJB", "HPJB", "HC BLANC"]
    line.meter.learnt.forget()
    assert line.meter.learnt.known == {}


def test_what_was_kept_may_be_empty():
    flash = Flash()
    flash.text = '{"known": {}, "days": {}}'
    line = Line(STANDARD, flash)
    assert periods(line.meter)[0] == ("1", None, 2296119)


def test_indexes_of_an_industrial_meter_are_collected():
    flash = Flash()
    line = Line(INDUSTRIAL, flash)
    assert periods(line.meter) == [("hpe", "HPE", 859156000)]
    line.say(times=ENOUGH)
    # In one frame the period is still the old one, and the index the new one already.
    line.say(EAP_s="412000kWh")
    meter = line.say(PTCOUR1="HCE", times=ENOUGH)
    assert periods(meter) == [("hpe", "HPE", 859156000), ("hce", "HCE", 412000000)]
    assert (meter.period, meter.period_wh, meter.withdrawn_wh) == ("hce", 412000000, None)
    again = Line(INDUSTRIAL, flash)
    again.say(PTCOUR1="HCE", EAP_s="412001kWh", times=4)
    assert periods(again.meter) == [("hpe", "HPE", 859156000), ("hce", "HCE", 412001000)]


def test_mixed_frames_of_an_industrial_meter_at_any_moment():
    for before in range(9):
        line = Line(INDUSTRIAL)
        line.say(times=ENOUGH + before)
        line.say(EAP_s="412000kWh")
        meter = line.say(PTCOUR1="HCE", times=ENOUGH)
        found = {key: wh for key, _, wh in meter.periods()}
        assert found == {"hpe": 859156000, "hce": 412000000}, before


def test_the_profile_of_today_was_announced_yesterday():
    flash = Flash()
    line = Line(STANDARD, flash)
    line.say(PJOURF_1=PROFILE, NJOURF_1="01", times=ENOUGH)
    assert line.meter.next_change is None  # today has another profile
    later = PROFILE.replace("0800", "0900")
    # Just after midnight the old announcement may still stand there: it is of today.
    line.say(DATE=("E260722000001", ""), times=ENOUGH)
    assert line.meter.next_change == (120, "1")
    line.say(DATE=("E260722070000", ""), NTARF="01", LTARF=" HEURE  CREUSE  ", PJOURF_1=later,
             NJOURF="01", NJOURF_1="02", times=ENOUGH)
    assert line.meter.next_change == (480, "2")
    # And after a restart.
    again = Line(STANDARD, flash)
    again.say(DATE=("E260722070500", ""), NTARF="01", PJOURF_1=later, NJOURF="01",
              NJOURF_1="02", times=3)
    assert again.meter.next_change == (480, "2")


def test_the_flash_is_written_once_a_day():
    flash = Flash()
    line = Line(STANDARD, flash)
    line.say(PJOURF_1=PROFILE, times=ENOUGH)
    line.say(NTARF="01", LTARF=" HEURE  CREUSE  ", times=ENOUGH)
    writes = flash.writes
    for day in range(22, 30):
        for hour in (0, 4, 12, 20):
            line.say(DATE=(f"E2607{day}{hour:02d}3000", ""), times=ENOUGH)
    assert flash.writes - writes == 8
    assert len(flash.text) < 400
