"""The frame of standard mode: the 71 labels of Enedis-NOI-CPT_54E v3, in order of emission."""

from . import civil

NO_MESSAGE = "PAS DE          MESSAGE         "


def status(meter) -> int:
    """The word of STGE."""
    tariff = meter.tariff
    word = (not tariff.contact) | (sum(meter.s) > meter.pref * 1000) << 7
    word |= meter.producer << 8 | (sum(meter.p) < 0) << 9
    word |= (tariff.index - 1) << 10 | (tariff.operator - 1) << 14
    word |= meter.degraded << 16 | 1 << 17 | 3 << 19 | 1 << 21
    word |= tariff.today << 24 | tariff.tomorrow << 26 | tariff.notice << 28 | tariff.peak << 30
    return word


def build(meter) -> list:
    """[(label, horodate or None, data)] of the state of `meter` now."""
    r, tariff, producer = meter.registers, meter.tariff, meter.producer
    three = meter.phases == 3
    out = [("ADSC", None, meter.serial), ("VTIC", None, "02"),
           ("DATE", civil.horodate(meter.time, meter.degraded), ""),
           ("NGTF", None, meter.contract.ngtf), ("LTARF", None, tariff.ltarf),
           ("EAST", None, f"{r.total:09}")]
    out += [(f"EASF{n:02}", None, f"{wh:09}") for n, wh in enumerate(r.supplier, 1)]
    out += [(f"EASD{n:02}", None, f"{wh:09}") for n, wh in enumerate(r.operator, 1)]
    if producer:
        out.append(("EAIT", None, f"{r.injected:09}"))
        out += [(f"ERQ{n}", None, f"{varh:09}") for n, varh in enumerate(r.reactive, 1)]
    out += [(f"IRMS{n}", None, f"{amps:03}") for n, amps in enumerate(meter.amps, 1)]
    out += [(f"URMS{n}", None, f"{volts:03}") for n, volts in enumerate(meter.u, 1)]
    total = sum(meter.s)
    out += [("PREF", None, f"{meter.pref:02}"), ("PCOUP", None, f"{meter.pref:02}"),
            ("SINSTS", None, f"{max(0, total):05}")]
    if three:
        out += [(f"SINSTS{n}", None, f"{max(0, s):05}") for n, s in enumerate(meter.s, 1)]
    names = ("", "1", "2", "3")
    out += [(f"SMAXSN{n}", m.when, f"{m.value:05}") for n, m in zip(names, r.maxima)]
    out += [(f"SMAXSN{n}-1", m.when_before, f"{m.before:05}") for n, m in zip(names, r.maxima)]
    if producer:
        m = r.injection
        out += [("SINSTI", None, f"{max(0, -total):05}"), ("SMAXIN", m.when, f"{m.value:05}"),
                ("SMAXIN-1", m.when_before, f"{m.before:05}")]
    out += [(name, when, f"{watts:05}") for name, (when, watts)
            in zip(("CCASN", "CCASN-1"), r.curve)]
    if producer:
        out += [(name, when, f"{watts:05}") for name, (when, watts)
                in zip(("CCAIN", "CCAIN-1"), r.curve_in)]
    out += [(f"UMOY{n}", r.averaged, f"{volts:03}") for n, volts in enumerate(r.voltages, 1)]
    out.append(("STGE", None, f"{status(meter):08X}"))
    for n, start, end in tariff.peaks:
        out += [(f"DPM{n}", " " + civil.stamp(start), "00"),
                (f"FPM{n}", " " + civil.stamp(end), "00")]
    out.append(("MSG1", None, meter.message))
    if meter.short_message:
        out.append(("MSG2", None, meter.short_message))
    out += [("PRM", None, meter.prm), ("RELAIS", None, f"{int(tariff.contact):03}"),
            ("NTARF", None, f"{tariff.index:02}"), ("NJOURF", None, f"{tariff.njourf:02}"),
            ("NJOURF+1", None, f"{tariff.njourf1:02}"), ("PJOURF+1", None, tariff.pjourf1)]
    if tariff.ppointe:
        out.append(("PPOINTE", None, tariff.ppointe))
    return out
