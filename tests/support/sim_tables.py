"""What the documents say of a frame's content, once more, for the tests of the simulator.

Orders: Enedis-NOI-CPT_54E v3 (standard) and ERDF-NOI-CPT_02E v4 (historique, PME-PMI).
"""

STANDARD = (
    "ADSC VTIC DATE NGTF LTARF EAST EASF01 EASF02 EASF03 EASF04 EASF05 EASF06 EASF07 EASF08 EASF09"
    " EASF10 EASD01 EASD02 EASD03 EASD04 EAIT ERQ1 ERQ2 ERQ3 ERQ4 IRMS1 IRMS2 IRMS3 URMS1 URMS2"
    " URMS3 PREF PCOUP SINSTS SINSTS1 SINSTS2 SINSTS3 SMAXSN SMAXSN1 SMAXSN2 SMAXSN3 SMAXSN-1"
    " SMAXSN1-1 SMAXSN2-1 SMAXSN3-1 SINSTI SMAXIN SMAXIN-1 CCASN CCASN-1 CCAIN CCAIN-1 UMOY1 UMOY2"
    " UMOY3 STGE DPM1 FPM1 DPM2 FPM2 DPM3 FPM3 MSG1 MSG2 PRM RELAIS NTARF NJOURF NJOURF+1 PJOURF+1"
    " PPOINTE"
).split()
HISTORIQUE = (
    "ADIR1 ADIR2 ADIR3 ADCO OPTARIF ISOUSC BASE HCHC HCHP EJPHN EJPHPM BBRHCJB BBRHPJB BBRHCJW"
    " BBRHPJW BBRHCJR BBRHPJR PEJP PTEC DEMAIN IINST IINST1 IINST2 IINST3 ADPS IMAX IMAX1 IMAX2"
    " IMAX3 PMAX PAPP HHPHC MOTDETAT PPOT"
).split()
PMEPMI = (
    "ADS MESURES1 DATE EA_s ER+_s ER-_s EAPP_s PTCOUR1 CONFIG DATEPA1 PA1_s DATEPA2 PA2_s DATEPA3"
    " PA3_s DATEPA4 PA4_s DATEPA5 PA5_s DATEPA6 PA6_s DebP EAP_s ER+P_s ER-P_s DebP-1 FinP-1"
    " EaP-1_s ER+P-1_s ER-P-1_s PS PREAVIS PA1MN PMAX_s TGPHI_s MESURES2 PTCOUR2 DebP_2 EaP_s2"
    " DebP-1_2 FinP-1_2 EaP-1_s2"
).split()
ORDERS = {"standard": STANDARD, "historique": HISTORIQUE, "pmepmi": PMEPMI}

# Labels that come and go: notices, messages, overloads.
PASSING = {"DPM1", "FPM1", "DPM2", "FPM2", "DPM3", "FPM3", "MSG2", "PPOINTE", "ADPS", "PEJP",
           "PREAVIS", "ADIR1", "ADIR2", "ADIR3"}
# Groups of a frame without those.  Standard: TIC.md 5 "Groups seen".
COUNTS = {("standard", 1, False): 38, ("standard", 3, False): 53, ("standard", 1, True): 48,
          ("standard", 3, True): 63}

HISTORIQUE_INDEXES = {"base": ["BASE"], "hchp": ["HCHC", "HCHP"], "ejp": ["EJPHN", "EJPHPM"],
                      "tempo": ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"],
                      "multi": ["BASE"]}


def status(stge: str) -> dict:
    """The fields of a STGE (54E 6.2.3.14) by name."""
    word = int(stge, 16)

    def bits(first, last):
        return word >> first & (1 << (last - first + 1)) - 1

    return {"open": bits(0, 0), "cut": bits(1, 3), "zero": bits(5, 5), "exceeded": bits(7, 7),
            "producer": bits(8, 8), "injecting": bits(9, 9), "index": bits(10, 13) + 1,
            "operator": bits(14, 15) + 1, "degraded": bits(16, 16), "standard": bits(17, 17),
            "today": bits(24, 25), "tomorrow": bits(26, 27), "notice": bits(28, 29),
            "peak": bits(30, 31)}
