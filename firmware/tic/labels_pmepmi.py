"""Labels of PME-PMI meters, in both spellings, and of their generation of 2013; see catalogue.py.

Source: ERDF-NOI-CPT_02E v4; recordings.
"""

TABLE = b"""
TRAME Rx-16
ADS Ad12
MESURES1 Tx-16!
DATE Pt17
EA_s Pq-12 Wh
ER+_s Pq-12 varh
ER-_s Pq-12 varh
EAPP_s Pq-12 VAh
EA_i Pq-12 Wh
ER+_i Pq-12 varh
ER-_i Pq-12 varh
EAPP_i Pq-12 VAh
PTCOUR1 Rc-3
TARIFDYN Rc-8
ETATDYN1 Rx-16
PREAVIS1 Rx-16
TDYN1CD Tx-24
TDYN1CF Tx-24
TDYN1FD Tx-24
TDYN1FF Tx-24
MODE Rc-8
CONFIG Rc-5
DATEPA1 Rt17
PA1_s Rq-10 kW
PA1_i Rq-10 kW
DATEPA2 Rt17
PA2_s Rq-10 kW
PA2_i Rq-10 kW
DATEPA3 Rt17
PA3_s Rq-10 kW
PA3_i Rq-10 kW
DATEPA4 Rt17
PA4_s Rq-10 kW
PA4_i Rq-10 kW
DATEPA5 Rt17
PA5_s Rq-10 kW
PA5_i Rq-10 kW
DATEPA6 Rt17
PA6_s Rq-10 kW
PA6_i Rq-10 kW
DebP Rt17
EAP_s Iq-14 kWh
EAP_i Iq-14 kWh
EaP_s Iq-14 kWh
EaP_i Iq-14 kWh
ER+P_s Iq-14 kvarh
ER-P_s Iq-14 kvarh
ER+P_i Iq-14 kvarh
ER-P_i Iq-14 kvarh
DebP-1 Rt17
FinP-1 Rt17
EaP-1_s Rq-14 kWh
EaP-1_i Rq-14 kWh
EAP-1_s Rq-14 kWh
EAP-1_i Rq-14 kWh
ER+P-1_s Rq-14 kvarh
ER-P-1_s Rq-14 kvarh
ER+P-1_i Rq-14 kvarh
ER-P-1_i Rq-14 kvarh
PS Rq-8! *
PREAVIS Rc-3
PA1MN Pq-10 kW
PMAX_s Mq-10 *
PMAX_i Mq-10 *
TGPHI_s Pn-8
TGPHI_i Pn-8
MESURES2 Tx-16!
PTCOUR2 Rc-3
ETATDYN2 Rx-16
PREAVIS2 Rx-16
TDYN2CD Tx-24
TDYN2CF Tx-24
TDYN2FD Tx-24
TDYN2FF Tx-24
DebP_2 Rt17
EaP_s2 Iq-14 kWh
EAP_s2 Iq-14 kWh
DebP-1_2 Rt17
FinP-1_2 Rt17
EaP-1_s2 Rq-14 kWh
EAP-1_s2 Rq-14 kWh
"""
