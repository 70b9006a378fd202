"""InfluxDB: a field has one type for ever, whatever the meter."""

from frames import group, his
from read_meter import Known
from test_influx import influx, lines


def kinds(model, groups, make):
    """The types of all fields of a meter, by name."""
    known = Known(groups, make)
    found = {}
    for _, fields in lines(influx(known, influx_fields="both", influx_measurement=model)):
        for name, value in fields.items():
            kind = "text" if value[0] == '"' else "bool" if value[0] in "tf" else "float"
            found[name] = "int" if value[-1] == "i" else kind
    return found


def test_a_field_has_the_same_type_whatever_the_meter():
    historique = kinds("h", (
        ("ADCO", "021630120162"), ("OPTARIF", "BBR2"), ("ISOUSC", "20"), ("BBRHCJB", "010151184"),
        ("PTEC", "HPJW"), ("DEMAIN", "ROUG"), ("IINST1", "007"), ("IINST2", "002"),
        ("IINST3", "022"), ("PMAX", "08450"), ("PAPP", "07120"), ("HHPHC", "Y"), ("PPOT", "00"),
    ), his)
    standard = kinds("s", (
        ("DATE", "E260721133412", ""), ("NGTF", "      BASE      "), ("EAST", "003971026"),
        ("EASF01", "003971026"), ("EAIT", "000500000"), ("IRMS1", "001"), ("IRMS2", "003"),
        ("IRMS3", "002"), ("URMS1", "231"), ("URMS2", "232"), ("URMS3", "233"), ("PREF", "12"),
        ("SINSTS", "00013"), ("SINSTS1", "00000"), ("SINSTS2", "00568"), ("SINSTS3", "00000"),
        ("SINSTI", "00000"), ("STGE", "003A0101"), ("NTARF", "01"), ("NJOURF+1", "00"),
        ("SMAXSN-1", "E260720073412", "03112"), ("RELAIS", "000"),
    ), group)
    industrial = kinds("p", (
        ("ADS", "031936131234"), ("MESURES1", "BT 4 SUP36"), ("DATE", "03/08/21 15:54:35"),
        ("EA_s", "2669Wh"), ("PTCOUR1", "HPE"), ("CONFIG", "CONSO"), ("PA1_s", "34kW"),
        ("EAP_s", "859156kWh"), ("PS", "120kVA"), ("PREAVIS", "DEP"), ("PA1MN", "36kW"),
        ("TGPHI_s", "-1"),
    ), his)
    assert standard["NJOURF_1"] == "int" and standard["SMAXSN-1"] == "int"
    assert industrial["EAP_s"] == "int" and industrial["PA1MN"] == "int"
    assert industrial["TGPHI_s"] == "float" and industrial["index_wh"] == "int"
    assert historique["tomorrow"] == "text" and historique["index_wh"] == "int"
    assert standard["overload"] == "bool"
    assert len(historique) > 15 and len(standard) > 30 and len(industrial) > 8
    for one, other in ((historique, standard), (standard, industrial), (historique, industrial)):
        for name in one:
            assert other.get(name, one[name]) == one[name], name


def test_only_the_tangent_is_no_whole_number():
    for number in (1, 2, 3):
        table = __import__(
            "firmware.tic.labels_" + ("historique", "standard", "pmepmi")[number - 1],
            None, None, ("TABLE",)).TABLE
        names = {}
        for line in table.strip().split(b"\n"):
            label, code = line.split(b" ")[:2]
            assert (code[1:2] == b"n") == (label[:5] == b"TGPHI"), label
            # A quantity has a unit, and nothing else that is no number has one.
            unit = len(line.split(b" ")) > 2
            assert code[1:2] in b"dq" or not unit, label
            assert code[1:2] != b"q" or unit, label
            name = label.replace(b"+", b"_")
            assert name not in names, label
            names[name] = label


