/** Decodes what the service answered with the models generated for Kotlin, as it is and as a later version may say it. */

import java.io.File
import java.time.OffsetDateTime
import java.time.format.DateTimeParseException
import kotlin.system.exitProcess
import kotlinx.serialization.KSerializer
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.serializer
import vn.sotay.client.infrastructure.Serializer

const val UNKNOWN = "unknown_default_open_api"
const val OF_TOMORROW = "of_tomorrow"
const val REF = "#/components/schemas/"

/** The document: where an answer's schema stands, and what every schema says. */
class Document(file: File) {
    private val root = Json.parseToJsonElement(file.readText()).jsonObject
    private val schemas = root.getValue("components").jsonObject.getValue("schemas").jsonObject
    val operations: Map<String, JsonObject> =
        root.getValue("paths").jsonObject.values
            .flatMap { it.jsonObject.values }
            .associate { it.jsonObject.text("operationId")!! to it.jsonObject }

    /** The name of the model of an answer; null where the answer is no model. */
    fun model(operation: String, status: String, mediaType: String): String? {
        val responses = operations.getValue(operation).getValue("responses").jsonObject
        val content = (responses[status] ?: responses.getValue("default")).jsonObject["content"] ?: return null
        val schema = content.jsonObject[mediaType]?.jsonObject?.get("schema")?.jsonObject
        return schema?.text("\$ref")?.removePrefix(REF)
    }

    fun schema(name: String): JsonObject = schemas.getValue(name).jsonObject

    /** What stands behind a reference, or behind `anyOf [something, null]`. */
    fun resolve(schema: JsonObject): JsonObject {
        schema.text("\$ref")?.let { return resolve(schema(it.removePrefix(REF))) }
        val kinds = schema["anyOf"]?.jsonArray?.map { it.jsonObject } ?: return schema
        return resolve(kinds.first { it.text("type") != "null" })
    }
}

fun JsonObject.text(name: String): String? = get(name)?.jsonPrimitive?.contentOrNull

/** Counts what was changed in an answer. */
class Tomorrow(private val document: Document) {
    var enums = 0

    /** The value as a later version of the service may say it: an unknown value in every enum, a new field in every object. */
    fun say(value: JsonElement, given: JsonObject): JsonElement {
        val schema = document.resolve(given)
        return when {
            value is JsonNull -> value
            "enum" in schema -> JsonPrimitive(OF_TOMORROW).also { enums += 1 }
            value is JsonArray && "items" in schema ->
                JsonArray(value.map { say(it, schema.getValue("items").jsonObject) })
            value is JsonObject && "properties" in schema -> {
                val fields = schema.getValue("properties").jsonObject
                JsonObject(value.mapValues { (name, field) -> say(field, fields.getValue(name).jsonObject) } +
                    (OF_TOMORROW to JsonPrimitive(1)))
            }
            else -> value
        }
    }
}

/** What a client that knows no more than the document keeps of tomorrow's answer. */
fun kept(value: JsonElement, schema: JsonObject, document: Document): JsonElement {
    val found = document.resolve(schema)
    return when {
        value is JsonNull -> value
        "enum" in found -> JsonPrimitive(UNKNOWN)
        value is JsonArray && "items" in found ->
            JsonArray(value.map { kept(it, found.getValue("items").jsonObject, document) })
        value is JsonObject && "properties" in found -> {
            val fields = found.getValue("properties").jsonObject
            JsonObject(value.filterKeys { it in fields }.mapValues { (name, field) ->
                kept(field, fields.getValue(name).jsonObject, document)
            })
        }
        else -> value
    }
}

/** Instants are the same whether their seconds are written or not. */
fun comparable(value: JsonElement): JsonElement = when (value) {
    is JsonArray -> JsonArray(value.map(::comparable))
    is JsonObject -> JsonObject(value.mapValues { comparable(it.value) })
    is JsonPrimitive ->
        if (!value.isString) value
        else try {
            JsonPrimitive(OffsetDateTime.parse(value.content).toInstant().toString())
        } catch (_: DateTimeParseException) {
            value
        }
}

fun serializerOf(model: String): KSerializer<Any> = serializer(Class.forName("vn.sotay.client.models.$model"))

fun main(arguments: Array<String>) {
    val document = Document(File(arguments[0]))
    val json = Serializer.kotlinxSerializationJson
    val succeeded = mutableSetOf<String>()
    val models = mutableSetOf<String>()
    val failures = mutableListOf<String>()
    var decoded = 0
    var enums = 0
    for (file in File(arguments[1]).listFiles()!!.sortedBy { it.name }) {
        val answer = Json.parseToJsonElement(file.readText()).jsonObject
        val operation = answer.text("operation")!!
        val status = answer.text("status")!!
        var body = answer.getValue("body")
        if (status.startsWith("2")) succeeded += operation
        val model = document.model(operation, status, answer.text("media_type")!!) ?: continue
        models += model
        // A problem may say more beside what all have in common (RFC 9457 3.2): the current version with a 412.
        if (model == "Problem") {
            val common = document.schema(model).getValue("properties").jsonObject.keys
            body = JsonObject(body.jsonObject.filterKeys { it in common })
        }
        try {
            val serializer = serializerOf(model)
            val again = json.encodeToJsonElement(serializer, json.decodeFromJsonElement(serializer, body))
            check(comparable(again) == comparable(body)) { "came back as $again" }
            decoded += 1
            val schema = document.schema(model)
            val tomorrow = Tomorrow(document)
            val later = tomorrow.say(body, schema)
            val understood = json.encodeToJsonElement(serializer, json.decodeFromJsonElement(serializer, later))
            check(comparable(understood) == comparable(kept(body, schema, document))) { "$later came back as $understood" }
            enums += tomorrow.enums
        } catch (failure: Exception) {
            failures += "${file.name} as $model: ${failure.message}"
        }
    }
    failures += (document.operations.keys - succeeded).sorted().map { "$it: no success was recorded" }
    failures.forEach(System.err::println)
    println(
        "$decoded answers of ${succeeded.size}/${document.operations.size} operations decoded with ${models.size} models, " +
            "again with a new field in every object and $enums unknown values in enums"
    )
    if (failures.isNotEmpty()) exitProcess(1)
}
