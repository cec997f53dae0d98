using System.Xml;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>
/// How XML from a router is read: as a stream of elements, without a DTD (so no entities to expand and nothing to fetch), at most 32 levels deep and 4,096
/// elements. Namespaces are ignored, since routers get them wrong. Pure.
/// </summary>
internal static class IgdXml
{
    private const int MaxDepth = 32, MaxElements = 4096, MaxTextLength = 1024;

    /// <summary>Takes the text of an element that holds no others.</summary>
    /// <param name="path">The local names from the root to the element.</param>
    /// <param name="text">Its text, trimmed, at most 1,024 characters.</param>
    internal delegate void Leaf(IReadOnlyList<string> path, string text);

    /// <summary>Reads a document. False when it is none, or beyond the bounds; leaves before the fault have been told then.</summary>
    /// <param name="document">The bytes, in whatever encoding the document claims.</param>
    /// <param name="leaf">Told each leaf, in order.</param>
    /// <param name="end">Told each element's end, leaves included, after its leaves.</param>
    internal static bool TryRead(byte[] document, Leaf leaf, Action<IReadOnlyList<string>>? end = null)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = HttpResponseReader.MaxBodyLength,
            MaxCharactersFromEntities = 1024,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        };
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(Trimmed(document), writable: false), settings);
            return TryRead(reader, leaf, end);
        }
        // The reader throws ArgumentException for an encoding that it does not know.
        catch (Exception e) when (e is XmlException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool TryRead(XmlReader reader, Leaf leaf, Action<IReadOnlyList<string>>? end)
    {
        var path = new List<string>();
        string? text = null;
        var elements = 0;
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    if (path.Count == MaxDepth || ++elements > MaxElements)
                        return false;
                    path.Add(reader.LocalName);
                    text = "";
                    if (reader.IsEmptyElement)
                        Close();
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA when text is not null:
                    if (text.Length < MaxTextLength)
                        text += reader.Value.Length > MaxTextLength ? reader.Value[..MaxTextLength] : reader.Value;
                    break;
                case XmlNodeType.EndElement:
                    Close();
                    break;
                default:
                    break;
            }
        }

        return elements > 0;

        void Close()
        {
            if (text is not null)
                leaf(path, text.Length > MaxTextLength ? text[..MaxTextLength] : text.Trim());
            // What holds other elements is no leaf, whatever text stands between them.
            text = null;
            end?.Invoke(path);
            path.RemoveAt(path.Count - 1);
        }
    }

    /// <summary>Some routers end a document with zeros or begin it with empty lines, which XML does not allow.</summary>
    private static byte[] Trimmed(byte[] document)
    {
        var (first, last) = (0, document.Length);
        while (first < last && document[first] is (byte)' ' or (byte)'\r' or (byte)'\n' or (byte)'\t')
            first++;
        while (last > first && document[last - 1] == 0)
            last--;
        return document[first..last];
    }
}
