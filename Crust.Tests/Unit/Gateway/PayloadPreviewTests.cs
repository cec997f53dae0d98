using System.Globalization;
using System.Text;
using Crust.Gateway.Commands;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

public class PayloadPreviewTests
{
    [Theory]
    [InlineData("", "(nothing)")]
    [InlineData("hello", "\"hello\"")]
    [InlineData("Grüße 你好 👍", "\"Grüße 你好 👍\"")]
    [InlineData("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"")]
    [InlineData("\u001b[2J\u001b]0;x\u0007", "\"\\u{1B}[2J\\u{1B}]0;x\\u{7}\"")]
    [InlineData("a\r\nb\tc\0", "\"a\\u{D}\\u{A}b\\u{9}c\\u{0}\"")]
    [InlineData("\u009b31m", "\"\\u{9B}31m\"")]
    [InlineData("\u202egnp.exe\u200b\u2028\u00a0\ue000\ufeff", "\"\\u{202E}gnp.exe\\u{200B}\\u{2028}\\u{A0}\\u{E000}\\u{FEFF}\"")]
    public void Text_IsQuoted_AndHarmless(string payload, string preview) => PayloadPreview.Of(Encoding.UTF8.GetBytes(payload)).Should().Be(preview);

    [Fact]
    public void WhatIsNotUtf8_IsHexadecimal()
    {
        PayloadPreview.Of([0xFF, 0x1B]).Should().Be("ff1b");
        PayloadPreview.Of([0x41, 0xC3]).Should().Be("41c3", "the last character is cut off");
        PayloadPreview.Of([.. Enumerable.Repeat((byte)0x80, 33)]).Should().Be(string.Concat(Enumerable.Repeat("80", 32)) + " …");
    }

    [Fact]
    public void WhatIsLong_IsCut()
    {
        PayloadPreview.Of(Encoding.UTF8.GetBytes(new string('é', 200))).Should().Be($"\"{new string('é', 200)}\"");
        PayloadPreview.Of(Encoding.UTF8.GetBytes(new string('é', 201))).Should().Be($"\"{new string('é', 200)}\" …");
    }

    [Fact]
    public void NoPayload_WritesAControlCharacter()
    {
        var random = new Random(6);
        for (var i = 0; i < 5000; i++)
        {
            var payload = new byte[random.Next(0, 40)];
            random.NextBytes(payload);
            if (i % 2 == 0)
            {
                for (var at = 0; at < payload.Length; at++)
                    payload[at] &= 0x3F;
            }

            PayloadPreview.Of(payload).Should().NotContainAny(payload.Select(b => (char)b).Where(char.IsControl).Select(c => c.ToString()).DefaultIfEmpty("\u001b"));
            PayloadPreview.Of(payload).EnumerateRunes().Should().OnlyContain(rune => Rune.GetUnicodeCategory(rune) != UnicodeCategory.Control);
        }
    }
}
