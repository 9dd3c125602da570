"""What kind of address it is."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from flowcore.addresses import AddressClass, classify

CLASSES = {
    AddressClass.PUBLIC: """
        1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 140.82.121.3
        169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.31.196.1
        192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 203.0.112.255 203.0.114.0 223.255.255.255
        2606:4700:4700::1111 2a00:1450:4001::200e 2000:: 3ffe::1 2001:200::1 2620:4f:8000::1
        ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1 ::ffff:0:808:808 2001:0:4136:e378:8000:63bf:f7f7:f7f7
    """,
    AddressClass.LOOPBACK: """
        127.0.0.1 127.0.0.0 127.255.255.255 ::1 ::ffff:127.0.0.1 ::127.0.0.1 ::ffff:0:7f00:1 64:ff9b::7f00:1
        2002:7f00:1:: 2002:7f00:1::5efe:808:808 2001:0:4136:e378:8000:63bf:80ff:fffe 2001:0:7f00:1::f7f7:f7f7
        2a00::5efe:127.0.0.1 2a00::200:5efe:127.0.0.1
    """,
    AddressClass.PRIVATE: """
        10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 fc00:: fd12:3456::1 fdff::
        ::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::a00:1 64:ff9b:1::808:808 2002:a00:1::1 2002:c0a8:101::c0a8:101
    """,
    AddressClass.LINK_LOCAL: "169.254.0.1 169.254.255.255 fe80::1 febf::1 fe80::1%eth0 ::ffff:169.254.1.1",
    AddressClass.SITE_LOCAL: "fec0::1 feff::1",
    AddressClass.SHARED: "100.64.0.0 100.100.100.100 100.127.255.255 ::ffff:100.64.0.1",
    AddressClass.METADATA: """
        169.254.169.254 ::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 169.254.170.2
        169.254.170.23 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254 fd20:ce::254 fd00:42::42
        fe80::a9fe:a9fe fe80::a9fe:a9fe%2
    """,
    AddressClass.MULTICAST: "224.0.0.1 233.252.0.1 239.255.255.255 ff02::1 ff00:: ::ffff:224.0.0.1",
    AddressClass.BROADCAST: "255.255.255.255 ::ffff:255.255.255.255",
    AddressClass.UNSPECIFIED: "0.0.0.0 0.1.2.3 0.255.255.255 :: ::ffff:0.0.0.0 ::2",
    AddressClass.DOCUMENTATION: "192.0.2.1 198.51.100.1 203.0.113.255 2001:db8::1 3fff::1 3fff:fff::1",
    AddressClass.BENCHMARKING: "198.18.0.0 198.19.255.255 2001:2::1",
    AddressClass.RESERVED: """
        192.0.0.1 192.88.99.1 240.0.0.1 255.255.255.254 100::1 100:0:0:1::1 2001:10::1 2001:20::1 2001:1::1 4000::1
        5f00::1 e000::1 200::1 64:ff9b:2::1 ::1:0:0:0
    """,
}


@pytest.mark.parametrize(("text", "kind"), [(text, kind) for kind, texts in CLASSES.items() for text in texts.split()])
def test_every_address_has_a_class(text: str, kind: AddressClass) -> None:
    assert classify(ip_address(text)) is kind
